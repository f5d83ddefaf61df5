/**
 * Ctrl-C (or SIGTERM, or a terminal that is closed) asks for a roll-back, once; the second and later ones only say that it is under
 * way, as a killed roll-back would leave a frozen container.
 */
export function interruptSignal(
  say: (line: string) => void,
  what = 'the container',
): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = () => {
    const isRepeated = controller.signal.aborted;
    controller.abort(); // first, as a hang-up (SIGHUP) takes the terminal with it
    say(isRepeated ? `still at it: ${what} is being put back` : 'interrupted: rolling back after the current step');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
