import { systemClock } from '../clock.ts'
import type { Log } from '../log.ts'
import { identityOf } from '../process-identity.ts'
import { quotaFile } from '../store/quota-file.ts'
import { type Governor, openGovernor } from '../supervisor/quota/governor.ts'
import type { Prepared } from './prepare.ts'

/** Who gives the agents of a run their places at providers. */
export function governorOf({ manifest: { agents, providers } }: Pick<Prepared, 'manifest'>, log: Log): Governor {
  return openGovernor({
    clock: systemClock,
    random: Math.random,
    process: identityOf(process.pid),
    agents,
    providers,
    environment: process.env,
    text: (name) => quotaFile(name, process.env),
    failed: (err) => {
      log.warn({ err }, 'what is known of a provider cannot be shared with other runs: nobody waits for a place')
    },
  })
}
