/** How state can travel; `auto` picks one of them. */
export const strategyNames = ['docker', 'cold', 'diskless', 'post-copy'] as const;

export type StrategyName = (typeof strategyNames)[number];
