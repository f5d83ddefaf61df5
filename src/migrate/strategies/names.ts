/** How state can travel; `auto` picks one of them. */
export const strategyNames = ['docker', 'cold', 'diskless', 'pre-copy', 'post-copy', 'hybrid'] as const;

export type StrategyName = (typeof strategyNames)[number];
