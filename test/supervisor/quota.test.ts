import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { PlaceAnswer, RefusedAnswer } from '../../src/agents/failure.ts'
import { codex } from '../../src/agents/cli/codex.ts'
import { identityOf, lifeOf, type ProcessIdentity } from '../../src/process-identity.ts'
import type { Change } from '../../src/store/locked-file.ts'
import type { SharedText } from '../../src/store/shared-file.ts'
import {
  type Budget,
  type BudgetEvent,
  type BudgetLimits,
  freshBudget,
  holdAt,
  turn,
  type Verdict,
} from '../../src/supervisor/quota/budget.ts'
import { pauseMs } from '../../src/supervisor/quota/pauses.ts'
import { SharedBudget } from '../../src/supervisor/quota/shared-budget.ts'
import { handOut, placesOf, withWaiter } from '../../src/supervisor/quota/turns.ts'
import { root, troupe, troupeHere } from '../acceptance/troupe.ts'
import { ManualClock } from '../manual-clock.ts'
import { until } from '../until.ts'

t.setTimeout(120_000)

const limits: BudgetLimits = { start: 1, most: 64, requestsPerMinute: null, tokensPerMinute: null }
const us = { pid: 1, group: 1, startTime: 1 }

/** A budget with its clock. */
class Play {
  readonly limits: BudgetLimits
  budget: Budget
  now = 1_000_000

  constructor(change: Partial<BudgetLimits> = {}) {
    this.limits = { ...limits, ...change }
    this.budget = freshBudget(this.limits)
  }

  tell(event: BudgetEvent): Verdict {
    const [next, verdict] = turn(this.limits, this.budget, event, this.now)
    this.budget = next
    return verdict
  }

  ask(id: string, process = us): Verdict {
    return this.tell({ type: 'ask', id, process })
  }

  answer(id: string, answer: PlaceAnswer = { how: 'ok' }): void {
    this.tell({ type: 'answer', id, answer, chance: 0 })
  }

  refuse(id: string, answer: RefusedAnswer): void {
    this.tell({ type: 'refused', id, answer, chance: 0 })
  }
}

const refused = (kind: 'rate_limit' | 'overloaded' | 'quota' = 'rate_limit', more: object = {}): PlaceAnswer => ({
  how: 'refused',
  class: kind,
  ...more,
})

void t.test('the window grows by one for a success while it is used up, and a refusal halves it', async (t) => {
  const play = new Play()
  t.match([play.ask('a'), play.ask('b')], [{ how: 'granted' }, { how: 'wait', until: null }])
  play.answer('a')
  t.equal(play.budget.window, 2)
  play.ask('a')
  play.answer('a')
  t.equal(play.budget.window, 2, 'not while it is not used up')
  for (const id of ['c', 'd']) play.ask(id)
  play.answer('c')
  play.answer('d')
  t.equal(play.budget.window, 3)
  for (const id of ['e', 'f', 'g']) play.ask(id)
  play.now += 1
  play.answer('g', refused())
  play.answer('f', refused())
  t.match(play.budget, { window: 1, ceiling: 2, hold: null }, 'those of the same moment halve it once, and each tells')
})

void t.test(
  'Retry-After and dates are honoured; then one probe goes first, and all resume when it comes back',
  async (t) => {
    const play = new Play({ start: 4 })
    for (const id of ['a', 'b']) play.ask(id)
    play.now += 1
    play.answer('a', refused('rate_limit', { retryAfterMs: 30_000 }))
    const until = play.now + 30_000
    t.match(play.ask('c'), { how: 'wait', until })
    play.answer('b')
    t.match(holdAt(play.budget, play.now), { until, refusals: 1 }, 'one that was under way says nothing of now')
    play.now = until
    t.equal(holdAt(play.budget, play.now), null)
    t.match([play.ask('c'), play.ask('d')], [{ how: 'granted' }, { how: 'wait', until: null }], 'one probe')
    play.answer('c', refused('quota', { until: until + 3_600_000 }))
    t.match(play.budget.hold, { class: 'quota', until: until + 3_600_000, refusals: 2 })
    play.now = until + 3_600_000
    play.ask('e')
    play.answer('e')
    t.match([play.budget.hold, play.ask('f')], [null, { how: 'granted' }])
  },
)

void t.test(
  'after a passing limit as many call at once as went well before, after a quota they begin small',
  async (t) => {
    for (const [kind, window] of [
      ['rate_limit', 4],
      ['quota', 2],
    ] as const) {
      const play = new Play({ start: 5 })
      for (const id of ['a', 'b', 'c', 'd', 'e']) play.ask(id)
      play.now += 1
      play.answer('e', refused('rate_limit', { retryAfterMs: 1_000 }))
      t.match(play.budget, { window: 2, ceiling: 5 })
      for (const id of ['a', 'b', 'c', 'd']) play.answer(id)
      play.now += 1_000
      play.ask('f')
      play.answer('f', kind === 'quota' ? refused('quota', { until: play.now + 1_000 }) : { how: 'ok' })
      play.now += 1_000
      play.ask('g')
      play.answer('g')
      t.match(play.budget, { hold: null, ceiling: 5, window })
    }
  },
)

void t.test('one more than was refused is tried the later the more places there are', async (t) => {
  for (const [window, expected] of [
    [1, 16],
    [2, 16],
    [3, 36],
    [10, 400],
  ] as const) {
    const play = new Play({ start: window + 1, most: 99 })
    let asked = 0
    const underWay: string[] = []
    const fill = (): void => {
      while (play.ask(`${(asked += 1)}`).how === 'granted') underWay.push(`${asked}`)
    }
    fill()
    play.now += 1
    play.answer(underWay.pop() ?? '', refused())
    let successes = 0
    for (; play.budget.window <= window; fill()) {
      successes += Number(play.budget.window === window)
      play.answer(underWay.shift() ?? '')
    }
    t.equal(successes, expected, `${window} places`)
  }
})

void t.test('while nothing is known, one more is tried as soon as who came last was let in', async (t) => {
  const play = new Play({ start: 3, most: 5 })
  const letIn = (id: string): number => {
    play.tell({ type: 'accepted', id })
    return play.budget.window
  }
  for (const id of ['a', 'b']) play.ask(id)
  t.equal(letIn('b'), 3, 'there was room')
  play.ask('c')
  t.same([letIn('a'), letIn('gone'), letIn('c'), letIn('c')], [3, 3, 4, 4])
  play.ask('d')
  t.equal(letIn('c'), 4)
  play.answer('a')
  play.ask('e')
  play.answer('b')
  t.equal(play.budget.window, 4, 'the one that is tried will tell')
  play.ask('f')
  play.now += 500
  play.answer('c')
  t.equal(play.budget.window, 5, 'or it has no more to tell')
  for (const id of ['g', 'h']) play.ask(id)
  t.equal(letIn('h'), 5, 'no more than there may be at most')
  play.answer('h', refused())
  t.match(play.budget, { window: 2, ceiling: 5 })
  t.equal(letIn('g'), 2, 'from now on it is known')
})

void t.test('a refusal that was told amid the work and is told again at the end counts once', (t) => {
  for (const isProbe of [false, true]) {
    const play = new Play({ start: 8, most: 8 })
    if (isProbe) play.budget = { ...play.budget, hold: { class: 'rate_limit', until: 0, since: 0, refusals: 1 } }
    for (const id of isProbe ? ['a'] : ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) play.ask(id)
    play.now += 1
    play.refuse('a', { how: 'refused', class: 'rate_limit' })
    const { window, ceiling, patience, hold } = play.budget
    play.answer('a', { how: 'refused', class: 'rate_limit', retryAfterMs: 60_000, isTold: true })
    t.match(play.budget, { window, ceiling, patience, hold: { refusals: hold?.refusals ?? 1 } })
    t.equal(play.budget.hold?.until, play.now + 60_000, 'what it tells of when to come back is heard')
  }
  t.end()
})

void t.test('a lone refusal without a date waits longer each time, less a chance', async (t) => {
  const play = new Play()
  for (const [refusals, pause] of [1_000, 2_000, 4_000].entries()) {
    play.ask('a')
    play.answer('a', refused())
    t.match(play.budget.hold, { until: play.now + pause, refusals: refusals + 1 })
    play.now += pause
  }
  t.same([pauseMs('overloaded', 99, 0), pauseMs('quota', 1, 1), pauseMs('quota', 9, 0)], [300_000, 450_000, 3_600_000])
})

void t.test(
  'a program that gets over a refusal by itself keeps its place, and halves once what all may do',
  async (t) => {
    const play = new Play({ start: 4, most: 9 })
    for (const id of ['a', 'b', 'c', 'd']) play.ask(id)
    for (const id of ['a', 'b', 'b', 'a']) play.refuse(id, { how: 'refused', class: 'rate_limit' })
    t.match(play.budget, { window: 2, ceiling: 4, hold: null })
    t.equal(play.budget.holders.length, 4)
    play.answer('c')
    play.answer('d', { how: 'refused', class: 'rate_limit' })
    t.match(play.budget, { window: 2 }, 'it began before')
    play.refuse('a', { how: 'refused', class: 'rate_limit' })
    t.match(play.budget, { window: 1 }, 'no more were at work than the window lets in')
    play.answer('b')
    play.refuse('a', { how: 'refused', class: 'rate_limit', retryAfterMs: 5_000 })
    t.match(play.budget, { window: 1, hold: { until: play.now + 5_000 } })
    play.refuse('a', { how: 'refused', class: 'auth' })
    play.refuse('gone', { how: 'refused', class: 'rate_limit' })
    play.answer('a')
    t.match(play.ask('e'), { how: 'wait', until: play.now + 5_000 })
    play.now += 5_000
    t.match(play.ask('e'), { how: 'granted' })
    t.match(play.ask('f'), { how: 'wait', until: null })
    play.answer('e')
    t.equal(play.budget.hold, null)
  },
)

void t.test('what the dead held is free, a place that is given back unused as well', async (t) => {
  const play = new Play()
  const other = { pid: 2, group: 2, startTime: 2 }
  play.ask('a', other)
  t.match(play.ask('b'), { how: 'wait' })
  play.tell({ type: 'sweep', isAlive: ({ pid }) => pid !== 2 })
  t.match(play.ask('b'), { how: 'granted' })
  play.answer('a', refused('quota'))
  t.equal(play.budget.hold, null, 'what the dead still answer is not heard')
  play.tell({ type: 'leave', id: 'b' })
  t.match(play.ask('c'), { how: 'granted' })
})

void t.test('requests and tokens of any minute stay below what is declared', async (t) => {
  const play = new Play({ start: 9, requestsPerMinute: 2, tokensPerMinute: 100 })
  const began = play.now
  play.ask('a')
  play.now += 10_000
  play.ask('b')
  t.match(play.ask('c'), { how: 'wait', until: began + 60_000 })
  play.now = began + 60_000
  play.tell({ type: 'spend', tokens: 60 })
  play.now += 5_000
  play.tell({ type: 'spend', tokens: 60 })
  t.match(play.ask('c'), { how: 'wait', until: began + 120_000 })
  play.now = began + 120_000
  t.match(play.ask('c'), { how: 'granted' })
})

const answers = fc.constantFrom<PlaceAnswer>(
  { how: 'ok' },
  refused(),
  refused('rate_limit', { retryAfterMs: 500 }),
  refused('overloaded'),
  refused('quota', { until: 1_020_000 }),
  { how: 'refused', class: 'network' },
  { how: 'refused', class: 'auth' },
  { how: 'refused', class: 'context' },
)

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('ask', 'ask', 'answer', 'refuse', 'leave', 'die', 'time'),
    who: fc.nat(30),
    answer: answers,
    ms: fc.nat(5_000),
    chance: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 120 },
)

void t.test('a clock that is set back makes nobody wait for the minute of another day', async (t) => {
  const play = new Play({ start: 8, requestsPerMinute: 1, tokensPerMinute: 100 })
  play.now += 86_400_000
  play.ask('a')
  play.tell({ type: 'spend', tokens: 100 })
  play.answer('a')
  play.now -= 86_400_000
  t.match(play.ask('b'), { how: 'granted' })
  play.answer('b')
  play.now -= 1_000
  t.match(play.ask('c'), { how: 'wait', until: play.now + 61_000 }, 'one that was set right keeps the minute')
})

void t.test('a clock that is set back makes no hold longer than it was to be, but one until a date', async (t) => {
  const guessed = new Play()
  guessed.now += 86_400_000
  guessed.ask('a')
  guessed.answer('a', refused('overloaded'))
  guessed.now -= 86_400_000
  t.match(guessed.ask('b'), { how: 'wait', until: guessed.now + 10_000 })
  guessed.now += 10_000
  t.match(guessed.ask('b'), { how: 'granted' })
  const dated = new Play()
  dated.now += 86_400_000
  const until = dated.now + 60_000
  dated.ask('a')
  dated.answer('a', refused('quota', { until }))
  dated.now -= 86_400_000
  t.match(dated.ask('b'), { how: 'wait', until }, 'a date is by no clock of ours')
})

void t.test('a clock that is set back keeps no refusal from halving the window', async (t) => {
  const play = new Play({ start: 4 })
  play.now += 86_400_000
  const overload = { how: 'refused', class: 'overloaded', retryAfterMs: 0 } as const
  for (const id of ['a', 'b']) play.ask(id)
  play.now += 1
  play.answer('a', overload)
  play.answer('b')
  play.ask('probe')
  play.answer('probe')
  t.match(play.budget, { window: 2, hold: null })
  play.now -= 86_400_000
  play.ask('c')
  play.now += 1
  play.answer('c', overload)
  t.equal(play.budget.window, 1)
})

void t.test(
  'whatever comes: one probe at a time while held, never more than the window, and nothing is stuck',
  async () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (all, start) => {
        const play = new Play({ start, most: 6 })
        for (const one of all) step(play, one)
        unstuck(play)
      }),
      { numRuns: 300 },
    )
  },
)

interface Step {
  readonly what: string
  readonly who: number
  readonly answer: PlaceAnswer
  readonly ms: number
  readonly chance: number
}

function step(play: Play, { what, who, answer, ms, chance }: Step): void {
  const { holders } = play.budget
  const held = holders[who % Math.max(1, holders.length)]
  if (what === 'time') play.now += ms
  else if (what === 'die') play.tell({ type: 'sweep', isAlive: ({ pid }) => pid !== who % 3 })
  else if (what === 'ask') askChecked(play, who)
  else if (held !== undefined && what === 'refuse' && answer.how === 'refused')
    play.tell({ type: 'refused', id: held.id, answer, chance })
  else if (held !== undefined && what === 'leave') play.tell({ type: 'leave', id: held.id })
  else if (held !== undefined) play.tell({ type: 'answer', id: held.id, answer, chance })
}

function askChecked(play: Play, who: number): void {
  const { budget } = play
  const verdict = play.ask(`${play.now}.${who}.${budget.holders.length}`, { ...us, pid: who % 3 })
  const isGranted = verdict.how === 'granted'
  if (isGranted && budget.holders.length >= budget.window) throw new Error('more than the window')
  if (isGranted && holdAt(budget, play.now) !== null) throw new Error('called while held')
  if (verdict.how === 'wait' && verdict.until !== null && verdict.until <= play.now) throw new Error('no wait')
  check(play.budget)
}

function check({ window, holders, hold }: Budget): void {
  if (window < 1 || window > 6) throw new Error(`a window of ${window}`)
  const probes = holders.filter(({ isProbe }) => isProbe).length
  if (hold !== null && probes > 1) throw new Error('two probes')
}

/** When everybody has come back and all holds are over, one who asks is let in. */
function unstuck(play: Play): void {
  for (const { id } of play.budget.holders) play.answer(id)
  play.now = Math.max(play.now, play.budget.hold?.until ?? 0)
  if (play.ask('last').how !== 'granted') throw new Error('stuck')
  play.answer('last')
  if (play.budget.hold !== null) throw new Error('still held after a success')
}

/** A provider that lets `most` call at once; each call takes a second, a refusal 20 ms, and nothing is said of when to come back. */
function storm(most: number, tasks: number, callsEach: number) {
  const play = new Play({ start: 2 })
  const left = Array.from({ length: tasks }, () => callsEach)
  const queue = left.map((_, index) => index)
  const under: { readonly at: number; readonly task: number; readonly id: string; readonly isOk: boolean }[] = []
  let [served, refusals, calls] = [0, 0, 0]
  const began = play.now
  while (served < tasks * callsEach) {
    for (let task = queue[0]; task !== undefined; task = queue[0]) {
      const id = `${(calls += 1)}`
      if (play.ask(id).how !== 'granted') break
      queue.shift()
      const isOk = under.filter((one) => one.isOk).length < most
      under.push({ at: play.now + (isOk ? 1_000 : 20), task, id, isOk })
    }
    under.sort((a, b) => a.at - b.at)
    const next = under.shift()
    if (next === undefined) {
      play.now = play.budget.hold?.until ?? play.now + 1
      continue
    }
    play.now = next.at
    play.answer(next.id, next.isOk ? { how: 'ok' } : refused())
    served += Number(next.isOk)
    refusals += Number(!next.isOk)
    if (!next.isOk || (left[next.task] = (left[next.task] ?? 0) - 1) > 0) queue.push(next.task)
  }
  return { goodput: Math.ceil((tasks * callsEach) / most) / ((play.now - began) / 1_000), refusals }
}

for (const most of [1, 3, 10]) {
  void t.test(
    `a storm of 100 tasks on a provider that lets ${most} call at once comes to 90 % of the ideal`,
    async (t) => {
      const { goodput, refusals } = storm(most, 100, 3)
      t.comment(`goodput ${(goodput * 100).toFixed(1)} %, ${refusals} refusals`)
      t.ok(goodput >= 0.9, `goodput ${goodput}`)
      t.ok(refusals <= 12, `${refusals} refusals`)
    },
  )
}

/** A text that is shared within this process; each change and each word of it takes a turn of the event loop. */
function sharedText(): SharedText {
  let content: string | null = null
  let last = Promise.resolve()
  const watchers = new Set<() => void>()
  return {
    read: () => content,
    update<Result>(change: Change<Result>): Promise<Result> {
      const done = last.then(() => {
        const changed = change(content)
        content = changed.content
        setImmediate(() => watchers.forEach((told) => told()))
        return changed.result
      })
      last = done.then(() => {})
      return done
    },
    watch(told) {
      watchers.add(told)
      return () => watchers.delete(told)
    },
  }
}

/** Lets `most` calls be under way; every other refusal tells when to come back. Sees who comes too early, and how many come to see. */
class Provider {
  readonly #clock: ManualClock
  readonly #most: number
  #underWay = 0
  #calls = 0
  #hold: { readonly since: number; readonly until: number; here: number } | null = null
  refusals = 0
  early = 0
  mostProbes = 0

  constructor(clock: ManualClock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  async call(): Promise<PlaceAnswer> {
    // calls come in another order than they were let go
    this.#calls += 1
    const left = this.#clock.now()
    await this.#after(((this.#calls * 7) % 5) * 20 + 10)
    const hold = this.#hold
    // what was under way when the refusal was told could not know of it
    if (hold !== null) this.early += Number(left > hold.since && this.#clock.now() < hold.until)
    if (hold !== null) this.mostProbes = Math.max(this.mostProbes, (hold.here += 1))
    const isOk = this.#underWay < this.#most
    this.#underWay += Number(isOk)
    await this.#after(isOk ? 2_000 : 20)
    this.#underWay -= Number(isOk)
    if (isOk && hold === this.#hold) this.#hold = null
    if (isOk) return { how: 'ok' }
    if (hold !== null) hold.here -= 1
    this.refusals += 1
    if (this.refusals % 2 === 1) return refused()
    const since = this.#clock.now()
    this.#hold = { since, until: since + 1_000, here: 0 }
    return refused('rate_limit', { retryAfterMs: 1_000 })
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve)
    })
  }
}

/** Living processes, as different as four supervisors are. */
const supervisors: readonly ProcessIdentity[] = [process.pid, 1].flatMap((pid) => [
  identityOf(pid),
  { ...identityOf(pid), startTime: null },
])

/** 100 tasks of four supervisors, each task making its calls one after the other, all of them at once; they may tell who was let in. */
async function sharedStorm(most: number, callsEach: number, tells: boolean) {
  const clock = new ManualClock(1_000_000)
  const text = sharedText()
  const provider = new Provider(clock, most)
  const nobody = new AbortController().signal
  const failed: unknown[] = []
  const budgets = supervisors.map(
    (process) =>
      new SharedBudget({
        clock,
        process,
        text,
        random: () => 0.5,
        limits: { ...limits, start: 4 },
        seen: () => {},
        failed: (error) => failed.push(error),
      }),
  )
  const task = async (budget: SharedBudget): Promise<void> => {
    for (let served = 0; served < callsEach;) {
      const taken = await budget.take(nobody, 600_000)
      if (taken.how !== 'granted') throw new Error('turned away')
      const cancel = tells
        ? clock.after(500, () => {
            taken.accepted()
          })
        : () => {}
      const answer = await provider.call()
      cancel()
      taken.giveBack(answer)
      served += Number(answer.how === 'ok')
    }
  }
  let left = 100
  const tasks = Array.from({ length: 100 }, (_, index) =>
    task(budgets[index % budgets.length] as SharedBudget).finally(() => (left -= 1)),
  )
  while (left > 0) {
    await new Promise(setImmediate)
    clock.advance(10)
  }
  const goodput = (Math.ceil((100 * callsEach) / most) * 2_000) / (clock.now() - 1_000_000)
  await Promise.all([...tasks, ...budgets.map((budget) => budget.close())])
  return { goodput, refusals: provider.refusals, early: provider.early, mostProbes: provider.mostProbes, failed }
}

for (const [most, callsEach, tells] of [
  [1, 1, false],
  [3, 2, false],
  [10, 6, false],
  [10, 3, true],
] as const) {
  const who = tells ? 'four supervisors who tell that calls were let in and' : 'four supervisors who'
  void t.test(`${who} share a provider that lets ${most} call at once lose little of it`, async (t) => {
    const { goodput, ...seen } = await sharedStorm(most, callsEach, tells)
    t.comment(`goodput ${(goodput * 100).toFixed(1)} %, ${seen.refusals} refusals`)
    t.ok(goodput >= 0.9, `goodput ${goodput}`)
    t.match(seen, { early: 0, mostProbes: tells ? 0 : 1, failed: [] })
    if (tells) t.equal(seen.refusals, 1, 'one too many, not a burst')
  })
}

void t.test('what a broken disk has left of a budget holds nobody', async (t) => {
  const clock = new ManualClock(Date.UTC(2026, 10, 27))
  const { pid } = process
  const hold = { class: 'quota', until: clock.now() + 1_000, since: 0, refusals: 1 }
  const holder = { id: 'x/1', process: identityOf(pid), since: 0, among: 1, isProbe: false }
  const taken = async (content: object): Promise<string> => {
    const text = sharedText()
    await text.update(() => ({ content: JSON.stringify({ schema: 'troupe/quota/1', ...content }), result: null }))
    const seen: Budget[] = []
    const parts = { clock, process: identityOf(pid), random: () => 0.5, failed: (error: unknown) => t.error(error) }
    const budget = new SharedBudget({ ...parts, text, limits, seen: (one) => seen.push(one) })
    const { how } = await budget.take(new AbortController().signal, 0)
    for (const one of seen) if (one.hold !== null) new Date(one.hold.until).toISOString()
    await budget.close()
    return how
  }
  t.equal(await taken({ hold }), 'held', 'what is sound counts')
  for (const spoiled of [
    { hold: { ...hold, until: Date.UTC(9999, 0, 1) } },
    { hold: { ...hold, until: 1e300 } },
    { hold: { ...hold, until: '2099-01-01' } },
    { hold: { ...hold, until: null } },
    { hold: { ...hold, class: 'rainy' } },
    { hold: 7 },
    { window: 0 },
    { window: 'many' },
    { window: null },
    { holders: [null] },
    { holders: [{ ...holder, process: null }] },
    { holders: [{ ...holder, since: 'today' }] },
    { queue: [{ name: 'y', process: identityOf(pid), count: -1 }] },
    { queue: {} },
    { calls: ['x'] },
    { tokens: [7] },
    { handedOut: 1e300 },
  ])
    t.equal(await taken(spoiled), 'granted', JSON.stringify(spoiled))
})

void t.test('places go to whoever has the fewest, by turns, and to no more than wait', async (t) => {
  const play = new Play({ start: 3 })
  const wait = (name: string, count: number): void => {
    play.budget = withWaiter(play.budget, { name, process: us, count })
  }
  const hand = (): readonly number[] => {
    play.budget = handOut(play.limits, play.budget, play.now).budget
    return ['a', 'b', 'c'].map((name) => placesOf(play.budget, name).length)
  }
  wait('a', 9)
  t.same(hand(), [3, 0, 0])
  wait('b', 1)
  wait('c', 9)
  t.same(hand(), [3, 0, 0], 'all are taken')
  const back = (name: string): void => {
    const [place] = placesOf(play.budget, name)
    play.tell({ type: 'leave', id: place?.id ?? '' })
  }
  back('a')
  t.same(hand(), [2, 1, 0], 'who came first')
  back('a')
  t.same(hand(), [1, 1, 1], 'who has none')
  back('b')
  t.same(hand(), [2, 0, 1], 'nobody waits there any more')
  back('c')
  t.same(hand(), [2, 0, 1])
  wait('c', 0)
  back('c')
  t.same(hand(), [3, 0, 0], 'and nowhere else')
  t.equal(new Set(play.budget.holders.map(({ id }) => id)).size, 3)
})

/** One of several supervisors, each a process of its own. */
function startSupervisor(t: Test, path: string) {
  const program = fileURLToPath(new URL('../fixtures/quota/takes-places.ts', import.meta.url))
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    tell: (word: 'take' | 'give back' | 'close') => void child.stdin.write(`${word}\n`),
    hears: async (): Promise<unknown> => (await said.next()).value,
    signal: (name: 'SIGSTOP' | 'SIGCONT') => child.kill(name),
    async end() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

// who stands still is not known elsewhere
const skip = process.platform !== 'linux'
void t.test(
  'a place goes from process to process, away from the dead and past who stands still',
  { skip },
  async (t) => {
    const path = join(t.testdir(), 'quota', 'house.json')
    const [a, b, c, d] = Array.from({ length: 4 }, () => startSupervisor(t, path)) as [
      ReturnType<typeof startSupervisor>,
      ReturnType<typeof startSupervisor>,
      ReturnType<typeof startSupervisor>,
      ReturnType<typeof startSupervisor>,
    ]
    const budget = (): Budget => JSON.parse(readFileSync(path, 'utf8')) as Budget
    const waits = ({ pid }: { readonly pid?: number | undefined }) =>
      until(() => budget().queue.some(({ process }) => process.pid === pid))
    a.tell('take')
    t.equal(await a.hears(), 'granted')
    b.tell('take')
    await waits(b)
    await a.end()
    t.equal(await b.hears(), 'granted', 'from the dead')
    c.tell('take')
    await waits(c)
    d.tell('take')
    await waits(d)
    c.signal('SIGSTOP')
    await until(() => lifeOf(identityOf(c.pid ?? 0)) === 'stopped')
    b.tell('give back')
    t.same([await b.hears(), await d.hears()], ['done', 'granted'], 'past who stands still')
    c.signal('SIGCONT')
    await waits(c)
    d.tell('give back')
    t.same([await d.hears(), await c.hears()], ['done', 'granted'], 'which asks anew')
    d.tell('take')
    await waits(d)
    await c.end()
    t.equal(await d.hears(), 'granted')
    d.tell('give back')
    d.tell('take')
    t.same([await d.hears(), await d.hears()], ['done', 'granted'], 'again, as nobody else waits')
    b.tell('take')
    await waits(b)
    b.tell('close')
    t.equal(await b.hears(), 'done')
    t.same(budget().queue, [], 'who closes waits no more')
    d.tell('give back')
    d.tell('close')
    t.same([await d.hears(), await d.hears()], ['done', 'done'])
    t.same(budget().holders, [])
  },
)

// from here on whole runs that share a provider

const scene = mkdtempSync(join(tmpdir(), 'troupe-quota-'))
const quotas = join(scene, 'state', 'troupe', 'quota')
const calls = join(scene, 'calls')
process.env['XDG_STATE_HOME'] = join(scene, 'state')
process.env['A_KEY'] = 'not-to-be-read-anywhere'
t.teardown(() => {
  rmSync(scene, { recursive: true })
})

/** A repository with two tasks for one provider that lets one call at once. */
function repository(name: string): string {
  const directory = join(scene, name)
  mkdirSync(directory)
  const tasks = [1, 2].map(
    (task) =>
      `  - { id: t${task}, agent: coder, command: [sh, -c, "echo begin >> ${calls}; echo x > ${task}; echo end >> ${calls}"] }`,
  )
  const manifest = `version: 1
concurrency: 4
providers: { house: { account: A_KEY, concurrency: 1 } }
agents: { coder: { kind: command, provider: house } }
tasks:
${tasks.join('\n')}
`
  writeFileSync(join(directory, 'troupe.yaml'), manifest)
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: directory })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'begin')
  return directory
}

void t.test('two runs share what one provider allows, and leave nothing held', async (t) => {
  const ends = await Promise.all(['one', 'two'].map((name) => troupe(repository(name), 'run', 'troupe.yaml')))
  for (const { status, stderr } of ends) t.equal(status, 0, stderr)
  const said = readFileSync(calls, 'utf8').trim().split('\n')
  t.same(said, Array.from({ length: 4 }, () => ['begin', 'end']).flat(), 'one at a time')
  const files = readdirSync(quotas).filter((name) => name.endsWith('.json'))
  t.match(files, [/^house-[0-9a-f]{16}\.json$/])
  const text = readFileSync(join(quotas, files[0] ?? ''), 'utf8')
  t.match(JSON.parse(text), { schema: 'troupe/quota/1', holders: [], hold: null })
  t.notMatch(text, /not-to-be-read|A_KEY/, 'nobody can read the key from it')
})

void t.test(
  'a new run knows that a provider is held, waits, sends one to see and goes on',
  { timeout: 120_000 },
  async (t) => {
    const [name = ''] = readdirSync(quotas).filter((one) => one.endsWith('.json'))
    const file = join(quotas, name)
    const until = Date.now() + 8_000
    const hold = { class: 'quota', until, since: until - 9_000, refusals: 3 }
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), hold }))
    const directory = repository('three')
    const { status, stderr } = await troupeHere(directory, 'run', 'troupe.yaml')
    t.equal(status, 0, stderr)
    t.ok(Date.now() >= until, 'it waited')
    const { stdout } = await troupeHere(directory, 'log')
    t.match(stdout, /house is held \(quota\) until/)
    t.match(stdout, /house: one task goes to see/)
    t.match(stdout, /house may be asked again/)
    t.notMatch(stdout, /failed/, 'and nothing failed for it')
  },
)

void t.test('what a program was refused and got over by itself counts for all who share its provider', async (t) => {
  const directory = join(scene, 'again')
  mkdirSync(directory)
  const fixtures = join(root, 'test/fixtures')
  const manifest = {
    version: 1,
    providers: { shared: { account: 'A_KEY', concurrency: 8 } },
    agents: {
      codex: {
        kind: 'codex',
        argv: [join(fixtures, 'programs/replays.sh')],
        credentials: [],
        provider: 'shared',
        env: {
          REPLAYS: join(fixtures, 'streams/codex-429-then-ok.jsonl'),
          HELP: codex.help.flags.join(' '),
          LEAVES: 'new.txt',
        },
      },
    },
    tasks: [{ id: 'a', agent: 'codex', prompt: 'Do it.' }],
  }
  writeFileSync(join(directory, 'troupe.json'), JSON.stringify(manifest))
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: directory })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'begin')
  const { status, stderr } = await troupeHere(directory, 'run', 'troupe.json')
  t.equal(status, 0, stderr)
  const [name = ''] = readdirSync(quotas).filter((one) => one.startsWith('shared-'))
  const known = JSON.parse(readFileSync(join(quotas, name), 'utf8')) as object
  t.match(known, { window: 2, holders: [], hold: { class: 'rate_limit', refusals: 1 } })
})
