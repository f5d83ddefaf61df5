/** Depth of every span (0: a root), and its children in order; loops, so that no depth is too deep. Parents form no cycle. */
export function depthsOf(parents: readonly (number | undefined)[]): readonly number[] {
  const depths = new Array<number>(parents.length).fill(-1);
  parents.forEach((_, start) => {
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && depths[at] === -1) {
      path.push(at);
      at = parents[at];
    }
    let depth = at === undefined ? -1 : (depths[at] as number);
    for (const index of path.reverse()) {
      depth += 1;
      depths[index] = depth;
    }
  });
  return depths;
}
