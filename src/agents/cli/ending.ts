import type { Program, ProgramEnd } from '../../processes/program.ts'
import type { Failure } from '../failure.ts'
import { failureOf as failureOfProgram, foldText, nameOf } from '../command/failure.ts'
import type { ResultReading } from '../command/read-result.ts'
import type { Verdict } from '../in-one-place.ts'
import { changeOf, type Expected, lackOf, type Proof } from '../proof.ts'
import { failureOf as failureOfRefusal, type Refusal, refusalOf } from '../provider/refusal.ts'
import type { Account } from './account.ts'
import type { ToldError } from './sign.ts'

/** All that the end of an attempt is judged by. */
export interface Evidence {
  readonly program: Program
  readonly account: Account
  /** `stopped` where it was given up. */
  readonly programEnd: ProgramEnd
  /** Whether it was given up since it had told its end and did not exit: then it is judged by what it told. */
  readonly hasLingered: boolean
  /** HTTP status that its exit status stands for; null for none. */
  readonly status: number | null
  /** The last telling line of its errors; null when it said nothing there. */
  readonly lastError: string | null
  readonly expects: Expected
  readonly changed: boolean
  /** What the agent wrote to TROUPE_RESULT. */
  readonly result: ResultReading
  readonly now: number
}

const answerLimit = 4_000
const summaryLimit = 400

/**
 * Says how an attempt ended. Success is proven: the program told a clean end and exited so, or not at all, the last tool did not fail, and
 * there is a change, an answer where one was wanted, or the word that there was nothing to do.
 */
export function verdictOf(evidence: Evidence, details: Readonly<Record<string, unknown>>): Verdict {
  const { account, expects, result, now } = evidence
  const proof = proofOf(evidence)
  const told = { ...details, proof }
  const refusal = proof.clean ? null : refusalIn(evidence)
  const failure = refusal === null ? failureIn(evidence, proof) : failureOfRefusal(refusal, now)
  if (failure !== null) return { outcome: { how: 'failed', failure, details: told }, refusal }
  const said = account.message.lastLines(expects === 'answer' ? answerLimit : summaryLimit)
  return {
    outcome: {
      how: 'completed',
      summary: (result.how === 'read' ? result.summary : null) ?? (said || `${nameOf(evidence.program)} said nothing`),
      findings: result.how === 'read' ? result.findings : [],
      details: told,
    },
    refusal: null,
  }
}

function proofOf({ account, programEnd, hasLingered, changed }: Evidence): Proof {
  return {
    clean: account.end?.error === null && (hasLingered || (programEnd.how === 'exited' && programEnd.code === 0)),
    lastToolFailed: account.lastTool?.status === 'failed',
    changed: changeOf(changed, account.message.lastLines(answerLimit)),
  }
}

function failureIn(evidence: Evidence, proof: Proof): Failure | null {
  const { account, expects } = evidence
  if (!proof.clean) return uncleanEnd(evidence)
  const said = account.message.lastLines(answerLimit)
  const lack = lackOf(proof, { expects, said, lastTool: account.lastTool?.title ?? '' })
  if (lack === null) return null
  const denied = account.denied.at(-1)
  const failure = agentFailure(evidence, denied === undefined ? lack.message : `${lack.message} (denied: ${denied})`)
  return lack.class === undefined ? failure : { ...failure, class: lack.class }
}

function uncleanEnd(evidence: Evidence): Failure {
  const { account, programEnd, program, lastError } = evidence
  const error = account.end?.error ?? null
  if (error !== null) return agentFailure(evidence, error.text)
  if (programEnd.how === 'exited' && programEnd.code === 0) {
    const said = lastError === null ? '' : `: ${lastError}`
    return agentFailure(evidence, `it exited with 0, but told no end of its work${said}`)
  }
  if (programEnd.how === 'stopped')
    return agentFailure(evidence, `it tried again and again: ${account.again ?? 'it did not say why'}`)
  return failureOfProgram(programEnd, program, lastError ?? account.message.lastLine(200))
}

function agentFailure({ program }: Evidence, what: string): Failure {
  const message = `${nameOf(program)}: ${what.replace(/\s+/g, ' ').slice(0, 600)}`
  return { kind: 'agent', message, signature: `agent ${foldText(message, program.directory)}` }
}

/** What the provider of the agent's model refused, as far as the program tells; null where something else went wrong. */
function refusalIn({ account, programEnd, status, now }: Evidence): Refusal | null {
  const error: ToldError | null = account.end?.error ?? cutOff(account, programEnd)
  if (error === null) return null
  const refusal = refusalOf({ ...error, status: error.status ?? status }, now)
  return refusal.class === null ? null : refusal
}

/** A program that gave up, or was given up, while it tried again said why before. */
const cutOff = ({ again }: Account, { how }: ProgramEnd): ToldError | null =>
  again === null || (how !== 'exited' && how !== 'stopped') ? null : { status: null, text: again }
