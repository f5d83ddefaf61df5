import { TransshipError } from '../error.ts';

/**
 * The container has come to its end on the destination, by Docker's own word: whatever it answered is gone with it, so nothing newer than the
 * source's frozen state is left to be kept, and going back loses no more.
 */
export class EndedThere extends TransshipError {}
