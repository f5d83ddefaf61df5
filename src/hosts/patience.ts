/**
 * A limit as it holds in this process. Every wait has one, made for hosts that run at their own speed; `$TRANSSHIP_PATIENCE=5` makes
 * all of them five times as long, for hosts whose code is emulated.
 */
export function patient(limitMs: number): number {
  const factor = Number(process.env.TRANSSHIP_PATIENCE ?? 1);
  return factor > 1 ? limitMs * factor : limitMs;
}
