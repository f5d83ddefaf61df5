/** For `.catch()` of a call of Docker's API: "not found" is an answer, `undefined`; anything else stays an error. */
export function missing(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode === 404) return undefined;
  throw error;
}
