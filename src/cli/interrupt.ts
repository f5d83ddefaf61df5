export interface Interrupt {
  readonly signal: AbortSignal;
  /** Said from now on: it comes too late. */
  noReturn(): void;
  release(): void;
}

/**
 * Ctrl-C (or SIGTERM, or a terminal that is closed) asks for a roll-back, once; the second and later ones only say that it is under
 * way, as a killed roll-back would leave a frozen container.
 */
export function interruptSignal(say: (line: string) => void, what = 'the container'): Interrupt {
  const controller = new AbortController();
  let canReturn = true;
  const words = (isRepeated: boolean) => {
    if (!canReturn) return 'too late to roll back: what is under way is brought to its end';
    return isRepeated ? `still at it: ${what} is being put back` : 'interrupted: rolling back after the current step';
  };
  const onSignal = () => {
    const isRepeated = controller.signal.aborted;
    controller.abort(); // first, as a hang-up (SIGHUP) takes the terminal with it
    say(words(isRepeated));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    noReturn: () => {
      canReturn = false;
    },
    release: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
