import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import { closingEvents, type ModelCall, streamHead } from './streamed-answer.ts'

/** A provider of models as the agents of a storm see it. */
interface ProviderManner {
  readonly clock: Clock
  /** Calls at once; one more is refused. */
  readonly limit: number
  readonly serviceMs: number
  /** Calls that each task makes before it is done. */
  readonly callsEach: number
  /** Runs that take part: each makes one call of its own first, and is answered when all have. */
  readonly runs: number
  /** What every other refusal tells of when to come back; the others tell nothing. */
  readonly retryAfterSeconds: number
}

/** Where the first agent of a run waits for the other runs, and where all others go. */
export interface Endpoints {
  readonly gather: string
  readonly storm: string
}

/** What the provider saw of the storm. */
export interface Seen {
  readonly served: number
  readonly refusals: number
  /** Refusals that told when to come back. */
  readonly told: number
  /** Calls that came before the time that they were told. */
  readonly early: number
  /** The most calls at once after such a time, before one of them was answered well. */
  readonly mostProbes: number
  /** From the first call to the last answer. */
  readonly spanMs: number
  /** Which share of all places was not in use then while a told time had to be kept and seen to be over. */
  readonly heldShare: number
  /** The same for the rest of the time: the places were there, and nobody came. */
  readonly emptyShare: number
  /** Calls under way on average, by tenths of that time. */
  readonly use: readonly number[]
}

/** Refused calls take a moment too. */
const refusalMs = 20
/** What was sent before its sender heard of the refusal comes within this. */
const underWayMs = 500

/** Speaks OpenAI's protocol and lets `limit` calls be under way at once. */
export class LimitedProvider implements AsyncDisposable {
  readonly #manner: ProviderManner
  readonly #server = createServer((request, response) => void this.#asked(request, response))
  readonly #gathered: (() => void)[] = []
  #underWay = 0
  #firstMs: number | null = null
  #lastMs = 0
  #served = 0
  #refusals = 0
  #told = 0
  #early = 0
  #mostProbes = 0
  /** Places that were not in use, times milliseconds. */
  readonly #unused = { held: 0, empty: 0 }
  /** How many calls were under way for how long, one after the other. */
  readonly #stretches: { readonly fromMs: number; readonly toMs: number; readonly calls: number }[] = []
  /** The last refusal that told a time, until a call that came after that time is answered well. */
  #hold: { readonly sinceMs: number; readonly untilMs: number; probes: number } | null = null

  constructor(manner: ProviderManner) {
    this.#manner = manner
  }

  /** The addresses that agents are given. */
  async listen(): Promise<Endpoints> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const root = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return { gather: `${root}/gather/v1`, storm: `${root}/storm/v1` }
  }

  get seen(): Seen {
    const spanMs = this.#lastMs - (this.#firstMs ?? 0)
    return {
      served: this.#served,
      refusals: this.#refusals,
      told: this.#told,
      early: this.#early,
      mostProbes: this.#mostProbes,
      spanMs,
      heldShare: this.#unused.held / (this.#manner.limit * spanMs),
      emptyShare: this.#unused.empty / (this.#manner.limit * spanMs),
      use: this.#useByTenths(spanMs),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #asked(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const call = JSON.parse(Buffer.concat(parts).toString()) as ModelCall
    if (request.url?.startsWith('/gather/') === true) this.#gather(() => this.#answer(response, call, 1))
    else this.#serve(response, call)
  }

  #gather(answer: () => void): void {
    this.#gathered.push(answer)
    if (this.#gathered.length >= this.#manner.runs) for (const one of this.#gathered) one()
  }

  #serve(response: ServerResponse, call: ModelCall): void {
    const { clock, limit, serviceMs } = this.#manner
    const now = clock.monotonic()
    this.#firstMs ??= now
    this.#count()
    const hold = this.#probed(now)
    if (this.#underWay >= limit) {
      clock.after(refusalMs, () => {
        if (hold !== null) hold.probes -= 1
        this.#refuse(response)
      })
      return
    }
    this.#underWay += 1
    clock.after(serviceMs, () => {
      this.#lastMs = this.#count()
      this.#underWay -= 1
      this.#served += 1
      if (hold !== null && this.#hold === hold) this.#hold = null
      this.#answer(response, call)
    })
  }

  /** Adds up what was not in use since the last change, and answers with the time. */
  #count(): number {
    const now = this.#manner.clock.monotonic()
    const fromMs = this.#stretches.at(-1)?.toMs ?? now
    this.#stretches.push({ fromMs, toMs: now, calls: this.#underWay })
    this.#unused[this.#hold === null ? 'empty' : 'held'] += (this.#manner.limit - this.#underWay) * (now - fromMs)
    return now
  }

  #useByTenths(spanMs: number): readonly number[] {
    const tenth = spanMs / 10
    return Array.from({ length: 10 }, (_, index) => {
      const from = (this.#firstMs ?? 0) + index * tenth
      const shares = this.#stretches.map(({ fromMs, toMs, calls }) => {
        const overlap = Math.min(toMs, from + tenth) - Math.max(fromMs, from)
        return calls * Math.max(0, overlap)
      })
      return Number((shares.reduce((sum, one) => sum + one, 0) / tenth).toFixed(1))
    })
  }

  /** The hold that a call goes to see the end of; null where there is none. */
  #probed(now: number) {
    const hold = this.#hold
    if (hold === null || now < hold.sinceMs + underWayMs) return null
    if (now < hold.untilMs) this.#early += 1
    hold.probes += 1
    this.#mostProbes = Math.max(this.#mostProbes, hold.probes)
    return hold
  }

  #refuse(response: ServerResponse): void {
    const { retryAfterSeconds } = this.#manner
    this.#refusals += 1
    const tells = this.#refusals % 2 === 0
    const head = { 'content-type': 'application/json', ...(tells && { 'retry-after': String(retryAfterSeconds) }) }
    const body = { error: { code: '1302', message: 'too many calls at once' } }
    response.writeHead(429, head).end(JSON.stringify(body))
    if (!tells) return
    const sinceMs = this.#count()
    this.#told += 1
    this.#hold = { sinceMs, untilMs: sinceMs + retryAfterSeconds * 1_000, probes: 0 }
  }

  #answer(response: ServerResponse, call: ModelCall, answers = this.#manner.callsEach): void {
    response.writeHead(200, streamHead)
    response.end(closingEvents(call, answers))
  }
}
