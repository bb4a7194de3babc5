import type { RequestError } from '@agentclientprotocol/sdk'
import { messageOf } from '../../errors.ts'
import type { Program, ProgramEnd } from '../../processes/program.ts'
import type { Failure } from '../failure.ts'
import { failureOf as failureOfProgram, foldText, nameOf } from '../command/failure.ts'
import type { ResultReading } from '../command/read-result.ts'
import type { Verdict } from '../in-one-place.ts'
import { changeOf, type Expected, lackOf, type Proof } from '../proof.ts'
import { failureOf as failureOfRefusal, type Refusal, refusalOf } from '../provider/refusal.ts'
import type { End } from './conversation.ts'
import { MessageTooLarge } from './message-pipe.ts'
import type { Transcript } from './transcript.ts'

/** All that the end of an attempt is judged by. */
export interface Evidence {
  readonly program: Program
  readonly end: Exclude<End, { readonly how: 'cancelled' }>
  /** How the program ended, once nothing more was wanted of it. */
  readonly programEnd: ProgramEnd
  /** The last telling line of its errors; null when it said nothing. */
  readonly lastError: string | null
  readonly transcript: Transcript
  /** Reasons of what was refused, in order. */
  readonly denied: readonly string[]
  readonly expects: Expected
  readonly changed: boolean
  /** What the agent wrote to TROUPE_RESULT. */
  readonly result: ResultReading
  readonly now: number
}

type Answered = Extract<End, { readonly how: 'answered' }>

const answerLimit = 4_000
const summaryLimit = 400

/**
 * Says how an attempt ended. Success is proven: a clean end, no failed last tool, and a change, an answer where one was wanted, or the
 * word that there was nothing to do. Some agents end a refused call to their model well, with an apology.
 */
export function verdictOf(evidence: Evidence, details: Readonly<Record<string, unknown>>): Verdict {
  const { end } = evidence
  if (end.how === 'answered') return answered(evidence, end, details)
  const refusal = end.how === 'refused' ? refusalIn(end.error, evidence) : null
  const failure = refusal === null ? failureOf(evidence, end) : failureOfRefusal(refusal, evidence.now)
  return { outcome: { how: 'failed', failure, details }, refusal }
}

function answered(evidence: Evidence, end: Answered, details: Readonly<Record<string, unknown>>): Verdict {
  const { transcript, expects, result, now } = evidence
  const said = transcript.message.lastLines(answerLimit)
  const proof = proofOf(evidence, end, said)
  const told = { ...details, stopReason: end.stopReason, proof }
  const refusal = saidRefusal(said, now)
  const failure = refusal === null ? unproven(evidence, end, proof, said) : failureOfRefusal(refusal, now)
  if (failure !== null) return { outcome: { how: 'failed', failure, details: told }, refusal }
  const limit = expects === 'answer' ? answerLimit : summaryLimit
  const summary = transcript.message.lastLines(limit) || `${nameOf(evidence.program)} ended without a word`
  const findings = result.how === 'read' ? result.findings : []
  return { outcome: { how: 'completed', summary, findings, details: told }, refusal: null }
}

function proofOf({ transcript, changed }: Evidence, { stopReason }: Answered, said: string): Proof {
  return {
    clean: stopReason === 'end_turn',
    lastToolFailed: transcript.lastCall?.status === 'failed',
    changed: changeOf(changed, said),
  }
}

/** What a clean end lacks to be a success; null for nothing. */
function unproven(evidence: Evidence, { stopReason }: Answered, proof: Proof, said: string): Failure | null {
  if (!proof.clean) return agentFailure(evidence, stopped(stopReason, evidence))
  const lack = lackOf(proof, { expects: evidence.expects, said, lastTool: lastFailure(evidence) })
  if (lack === null) return null
  const failure = agentFailure(evidence, lack.message)
  return lack.class === undefined ? failure : { ...failure, class: lack.class }
}

function failureOf(evidence: Evidence, end: Exclude<Evidence['end'], Answered>): Failure {
  const { program, programEnd, lastError } = evidence
  switch (end.how) {
    case 'silent': {
      const message = `${nameOf(program)} gave no sign of life for ${end.seconds} s when it was asked ${end.step}`
      return { kind: 'stall', message, signature: `stall ${end.step}` }
    }
    case 'unfit':
      return agentFailure(evidence, end.reason)
    case 'refused':
      return agentFailure(evidence, `${end.error.message} (asked ${end.step})`)
    case 'broken':
      if (end.error instanceof MessageTooLarge || programEnd.how === 'stopped')
        return agentFailure(evidence, messageOf(end.error))
      if (programEnd.how === 'exited' && programEnd.code === 0)
        return agentFailure(evidence, `it exited before it had answered${lastError === null ? '' : `: ${lastError}`}`)
      return failureOfProgram(programEnd, program, lastError)
  }
}

function agentFailure({ program }: Evidence, what: string): Failure {
  const message = `${nameOf(program)}: ${what}`
  return { kind: 'agent', message, signature: `agent ${foldText(message, program.directory)}` }
}

function stopped(stopReason: string, { denied }: Evidence): string {
  const why = denied.length === 0 ? '' : `, after a refusal: ${denied.at(-1)}`
  return `${stops.get(stopReason) ?? `it ended its turn with ${stopReason}`}${why}`
}

const stops: ReadonlyMap<string, string> = new Map([
  ['max_tokens', 'it used up the tokens that one answer may have'],
  ['max_turn_requests', 'it used up the calls that one turn may have'],
  ['refusal', 'its model declined the task'],
  ['cancelled', 'it broke its turn off'],
])

function lastFailure({ transcript, denied }: Evidence): string {
  const { lastCall } = transcript
  const title = lastCall === null ? '' : `${lastCall.kind} ${lastCall.title}`
  return denied.length === 0 ? title : `${title} (${denied.at(-1)})`
}

/** An error that tells of the provider of the agent's model; null for one that is the agent's own matter. */
function refusalIn({ code, message, data }: RequestError, { program, now }: Evidence): Refusal | null {
  if (code === loginNeeded) {
    const told = `${nameOf(program)} asks to log in: give it the right key, or its own login file, by credentials (${message})`
    return { class: 'auth', message: told, retryAfterMs: null, until: null }
  }
  const status = code >= 400 && code < 600 ? code : statusIn(data)
  const text = data === undefined ? message : `${message} ${JSON.stringify(data)}`
  const refusal = refusalOf({ status, text }, now)
  return refusal.class === null ? null : refusal
}

const loginNeeded = -32_000

function statusIn(data: unknown): number | null {
  const found = /"(?:statusCode|status|api_error_status|httpStatus)"\s*:\s*"?(\d{3})\b/.exec(
    JSON.stringify(data ?? null),
  )
  return found === null ? null : Number(found[1])
}

/** The whole last message of agents that end their turn well when the provider refuses. */
const apology =
  /^\{\s*"error"\s*:|^(?:\W*(?:error|api error)\W*:?\s*)?(?:exceeded retry limit, last status: (\d{3})|unexpected status (\d{3})|api error: (\d{3})|stream disconnected before completion|you(?:'|’)ve hit your usage limit|quota exceeded\. check your plan|codex ran out of room in the model|we(?:'|’)re currently experiencing high demand)/i

function saidRefusal(said: string, now: number): Refusal | null {
  const found = apology.exec(said.trim())
  if (found === null) return null
  const status = found.slice(1).find((number) => number !== undefined)
  return refusalOf({ status: status === undefined ? null : Number(status), text: said }, now)
}
