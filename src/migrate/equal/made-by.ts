/** On what a move has made: a name alone does not tell it from what somebody else makes there by that name while the move is under way. */
const label = 'transship.checkpoint';

/** The label of a network or volume that is made for the move with this checkpoint. Docker can take none away, so it stays. */
export function madeBy(checkpoint: string): Readonly<Record<string, string>> {
  return { [label]: checkpoint };
}

/** Also for a recovery, which has nothing but the plan's checkpoint. */
export function isMadeBy(
  checkpoint: string,
  found: { readonly Labels?: Readonly<Record<string, string>> | null | undefined },
): boolean {
  return found.Labels?.[label] === checkpoint;
}
