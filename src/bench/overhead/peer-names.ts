/** Peers that are given empty tasks; those who know how are loaded in a process of their own. */
export const peerNames = [
  'piscina, one task a worker',
  'piscina, 16 tasks a worker',
  'tinypool, threads',
  'tinypool, processes',
  'workerpool, threads',
  'poolifier, threads',
  'p-queue, in process',
  'BullMQ, local Redis',
] as const

/** One of them. */
export type PeerName = (typeof peerNames)[number]

/** The one that needs a Redis. */
export const bullmq: PeerName = 'BullMQ, local Redis'
