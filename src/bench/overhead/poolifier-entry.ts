import { ThreadWorker } from 'poolifier'

/** Hears its pool from when it was made. */
export const worker = new ThreadWorker<undefined, undefined>(() => undefined)
