import type { HostsOptions } from './hosts/registry.ts'

/**
 * Megabytes of young objects that an aggregator may hold: it makes very many that die at once, and with Node's own bounds the collector
 * lets them pile up to 70 MB more, for no gain in speed (`npm run bench:aggregation`).
 */
const youngMb = 6

/** How the hosts of an aggregator are set up: it is alone in its own. */
export const aggregatorPlaces = {
  thread: { maxThreads: 1, resourceLimits: { maxYoungGenerationSizeMb: youngMb } },
  process: { maxYoungSpaceMb: youngMb },
} satisfies HostsOptions
