/** The package's library entry, `troupe/supervisor`: the supervision tree for any actors. docs/supervisor.md explains it. */
export type {
  ActorContext,
  ActorFactory,
  ActorHandle,
  ActorHost,
  ActorSpec,
  AnswerOf,
  ArgsOf,
  AskOptions,
  Exit,
  HostKind,
  SupervisorApi,
} from '../actors/contract.ts'
export { DeadLetters } from '../actors/dead-letters.ts'
export type { DeadLetter, DeadLettersOptions, DeadReason } from '../actors/dead-letters.ts'
export { openHosts } from '../actors/hosts/registry.ts'
export type { Hosts, HostsOptions } from '../actors/hosts/registry.ts'
export { systemClock } from '../clock.ts'
export type { Clock } from '../clock.ts'
export { TroupeError } from '../errors.ts'
export type { ErrorCode } from '../errors.ts'
export { asActorId } from '../ids.ts'
export type { ActorId } from '../ids.ts'
export { actorChild } from './tree/actor-child.ts'
export type { ActorChildSpec } from './tree/actor-child.ts'
export type { Backoff } from './tree/backoff.ts'
export { checkChildSpec } from './tree/child-spec.ts'
export type { AutoShutdown, CheckedSpec, Child, ChildPolicy, ChildSpec, Restart, Shutdown } from './tree/child-spec.ts'
export { defaultFlags } from './tree/flags.ts'
export type { Flags, Intensity, Strategy } from './tree/flags.ts'
export type { ActorPath, NamedActor } from './tree/named-actor.ts'
export type {
  ChildCounts,
  ChildInfo,
  DeleteChildResult,
  Down,
  RestartChildResult,
  StartChildResult,
  StartResult,
  SupervisorEvent,
  TerminateChildResult,
} from './tree/results.ts'
export { startUnder, Supervisor } from './tree/supervisor.ts'
export type { SupervisorOptions } from './tree/supervisor.ts'
