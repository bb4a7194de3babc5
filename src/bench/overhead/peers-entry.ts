import { writeSync } from 'node:fs'
import { systemClock } from '../../clock.ts'
import { peers } from './peers.ts'
import type { PeersFigures, PeersOrder } from './trial.ts'

/** Has each peer do a tenth of its tasks to warm up, and then all of them against the clock. */
const order = JSON.parse(process.argv[2] ?? '') as PeersOrder
const figures: Record<string, PeersFigures[string]> = {}
for (const name of order.peers) {
  const peer = await peers[name](order)
  await peer.run(Math.ceil(order.tasks / 10))
  const beganMs = performance.now()
  await peer.run(order.tasks)
  figures[name] = { perSecond: (order.tasks / (performance.now() - beganMs)) * 1_000 }
  // not every pool tells that it has gone
  await Promise.race([peer.close(), new Promise<void>((resolve) => void systemClock.after(2_000, resolve))])
}
writeSync(1, JSON.stringify(figures))
process.exit(0)
