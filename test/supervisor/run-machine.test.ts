import fc from 'fast-check'
import t from 'tap'
import type { Failure, FailureKind } from '../../src/agents/failure.ts'
import { asAgentName, asCommitId, asRunId, asTaskId } from '../../src/ids.ts'
import { backoffMs } from '../../src/supervisor/run/after-failure.ts'
import { decide, fold } from '../../src/supervisor/run/decide.ts'
import type { AttemptEnd, Recorded, RunEvent } from '../../src/supervisor/run/events.ts'
import { itemAt, itemsOf, vectorOf, withItem } from '../../src/supervisor/run/persistent-vector.ts'
import { waitingFor } from '../../src/supervisor/run/pausing.ts'
import type { RunRules, RuleTask } from '../../src/supervisor/run/rules.ts'
import type { Command } from '../../src/supervisor/run/schedule.ts'
import { initialState, outstandingTotal, type RunState, type TaskState } from '../../src/supervisor/run/state.ts'
import { heapOf, popped, pushed, type LeftistHeap } from '../../src/supervisor/run/leftist-heap.ts'

interface TaskSketch {
  readonly needs?: readonly number[]
  readonly after?: readonly number[]
  readonly agent?: string
  readonly retries?: number
  /** Its place in the list by default. */
  readonly rank?: number
}

function rulesOf(sketches: readonly TaskSketch[], change: Partial<RunRules> = {}): RunRules {
  const tasks = sketches.map(({ needs = [], after = [], agent = 'a', retries = 0, rank }, index): RuleTask => ({
    id: asTaskId(`t${index}`),
    agent: asAgentName(agent),
    needs,
    after,
    dependants: sketches.flatMap((other, at) => [
      ...((other.needs ?? []).includes(index) ? [{ index: at, hard: true }] : []),
      ...((other.after ?? []).includes(index) ? [{ index: at, hard: false }] : []),
    ]),
    rank: rank ?? index,
    retries,
  }))
  return {
    tasks,
    byRank: [...tasks.keys()].toSorted((one, other) => (tasks[one]?.rank ?? 0) - (tasks[other]?.rank ?? 0)),
    indexOf: new Map(tasks.map((task, index) => [task.id, index])),
    concurrency: 2,
    mailbox: 0,
    agentLimits: new Map(),
    providers: new Map(),
    onFailure: 'continue',
    pauses: false,
    backoff: { firstMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.5 },
    sameFailureLimit: 2,
    ...change,
  }
}

/** Plays the shell: keeps the journal, the state and the commands that are still to be carried out. */
class Play {
  readonly rules: RunRules
  readonly journal: Recorded[] = []
  readonly commands: Command[] = []
  state: RunState
  now = 0

  constructor(rules: RunRules) {
    this.rules = rules
    this.state = initialState(rules)
    this.happened({ type: 'run-started', run: asRunId('r'), base: asCommitId('b'), manifest: '', process: nobody })
  }

  happened(event: RunEvent): readonly Command[] {
    const recorded = { at: this.now, event }
    this.journal.push(recorded)
    const [next, commands] = decide(this.rules, this.state, recorded)
    this.state = next
    this.commands.push(...commands)
    return commands
  }

  begin(task: number): void {
    this.happened({ type: 'attempt-started', task: asTaskId(`t${task}`), attempt: this.attempts(task), host: 'async' })
  }

  end(task: number, end: AttemptEnd, attempt = this.attempts(task)): readonly Command[] {
    return this.happened({ type: 'attempt-ended', task: asTaskId(`t${task}`), attempt, end, chance: 0 })
  }

  wake(task: number): readonly Command[] {
    return this.happened({ type: 'backoff-elapsed', task: asTaskId(`t${task}`), attempt: this.attempts(task) })
  }

  /** Only the first `kept` records are on disk when the supervisor dies; another one goes on. */
  crash(kept: number): readonly Command[] {
    this.journal.length = kept
    this.state = fold(this.rules, this.journal)
    return this.happened({ type: 'run-resumed', process: nobody })
  }

  phases(): readonly string[] {
    return [...itemsOf(this.state.tasks)].map((record) => record.state.phase)
  }

  task(index: number): TaskState {
    return itemAt(this.state.tasks, index).state
  }

  private attempts(index: number): number {
    return itemAt(this.state.tasks, index).tally.attempts
  }
}

const nobody = { pid: 1, group: 1, startTime: null }
const done: AttemptEnd = {
  how: 'completed',
  summary: '',
  findings: [],
  details: {},
  changeSet: null,
}
const lost: AttemptEnd = { how: 'lost', reason: 'its supervisor died', changeSet: null }
const failing = (kind: FailureKind = 'agent', signature = 's'): AttemptEnd => ({
  how: 'failed',
  failure: { kind, message: 'no', signature } satisfies Failure,
  details: {},
  changeSet: null,
})
const dispatched = (commands: readonly Command[]): readonly string[] =>
  commands.flatMap((command) => (command.type === 'dispatch' ? [command.task] : []))

void t.test('tasks are dispatched by rank, as far as concurrency and mailbox allow', async (t) => {
  const play = new Play(rulesOf([{}, {}, {}, {}], { concurrency: 1, mailbox: 2 }))
  t.same(dispatched(play.commands), ['t0', 't1', 't2'])
  play.begin(0)
  t.same(dispatched(play.end(0, done)), ['t3'])
  const sketches = [4, 2, 5, 0, 3, 1].map((rank, index) => ({ rank, agent: index % 2 === 0 ? 'a' : 'b' }))
  const other = new Play(rulesOf(sketches, { concurrency: 1, mailbox: 3 }))
  t.same(dispatched(other.commands), ['t3', 't5', 't1', 't4'], 'whatever the order in which they are listed')
  other.begin(3)
  t.same(dispatched(other.end(3, done)), ['t0'])
})

void t.test("an agent's own limit holds its tasks back, not those of others", async (t) => {
  const agentLimits = new Map([[asAgentName('slow'), 1]])
  const play = new Play(rulesOf([{ agent: 'slow' }, { agent: 'slow' }, {}], { concurrency: 9, agentLimits }))
  t.same(dispatched(play.commands), ['t0', 't2'])
  play.begin(0)
  t.same(dispatched(play.end(0, done)), ['t1'])
})

void t.test('a need must succeed, a predecessor must only end', async (t) => {
  const play = new Play(rulesOf([{}, { needs: [0] }, { after: [0] }, { needs: [1] }]))
  play.begin(0)
  t.same(dispatched(play.end(0, failing())), ['t2'])
  t.same(play.phases(), ['failed', 'blocked', 'dispatched', 'blocked'])
  t.match(play.task(3), { by: 't1' })
})

void t.test('a failure is retried after a growing back-off until its retries are used', async (t) => {
  const play = new Play(rulesOf([{ retries: 2 }]))
  for (const delayMs of [1_000, 2_000]) {
    play.begin(0)
    t.same(play.end(0, failing('agent', `s${delayMs}`)), [
      { type: 'wake', task: 't0', attempt: delayMs / 1_000, delayMs },
    ])
    t.equal(play.task(0).phase, 'backing-off')
    t.same(dispatched(play.wake(0)), ['t0'])
  }
  play.begin(0)
  t.match(play.end(0, failing('agent', 'last')), [{ type: 'settle' }])
  t.match(play.task(0), { phase: 'failed', attempt: 3, reason: 'all 2 retries are used' })
})

void t.test(
  'quota and infrastructure do not count as retries, but the same failure over and over is refused',
  async (t) => {
    const play = new Play(rulesOf([{ retries: 0 }]))
    for (const signature of ['x', 'y', 'y', 'y']) {
      play.begin(0)
      play.end(0, failing('infrastructure', signature))
      if (play.task(0).phase === 'backing-off') play.wake(0)
    }
    t.match(play.task(0), { phase: 'failed', attempt: 4, reason: 'it failed in the same way 3 times in a row' })
  },
)

void t.test(
  'an attempt that its provider refused is parked, counts against nothing and comes back by itself',
  async (t) => {
    const play = new Play(rulesOf([{ retries: 0 }]))
    const refused = (until?: number): AttemptEnd => {
      const failure = {
        kind: 'quota',
        class: 'quota',
        message: 'used up',
        signature: 'q',
        ...(until && { until }),
      } as const
      return { how: 'failed', failure, details: {}, changeSet: null }
    }
    for (let round = 0; round < 5; round++) {
      play.begin(0)
      const until = play.now + 60_000
      t.match(play.end(0, refused(until)), [{ type: 'wake', task: 't0', delayMs: 60_000 }])
      t.match(play.task(0), { phase: 'parked', until })
      t.same(dispatched(play.wake(0)), ['t0'])
    }
    play.begin(0)
    t.match(
      play.end(0, refused(play.now + 20)),
      [{ type: 'wake', delayMs: 1_000 }],
      'no attempt follows another at once',
    )
    play.wake(0)
    play.begin(0)
    t.match(play.end(0, refused()), [{ type: 'wake', delayMs: 3_600_000 }], 'without a date it waits longer each time')
    play.happened({ type: 'stop-requested', how: 'graceful', reason: 'enough' })
    t.match(play.task(0), { phase: 'cancelled' }, 'a stop ends the wait')
  },
)

void t.test('a provider that is held is asked by nobody, then by one, then by all; other tasks run on', async (t) => {
  const providers = new Map([
    [asAgentName('a'), 'glm'],
    [asAgentName('b'), 'glm'],
  ])
  const play = new Play(
    rulesOf([{ agent: 'a' }, { agent: 'a' }, { agent: 'b' }, { agent: 'c' }, { agent: 'c' }], { providers }),
  )
  t.same(play.phases(), ['dispatched', 'dispatched', 'ready', 'ready', 'ready'])
  play.happened({ type: 'provider-held', provider: 'glm', class: 'quota', until: 9_000 })
  const parked = { kind: 'quota', message: 'm', signature: 's', until: 9_000 } as const
  for (const index of [0, 1]) {
    play.begin(index)
    play.end(index, { how: 'failed', failure: parked, details: {}, changeSet: null })
  }
  t.same(play.phases(), ['parked', 'parked', 'ready', 'dispatched', 'dispatched'])
  play.begin(3)
  play.end(3, done)
  t.same(play.phases(), ['parked', 'parked', 'ready', 'succeeded', 'dispatched'], 'a free place is no reason to ask')
  play.wake(0)
  play.happened({ type: 'provider-tried', provider: 'glm' })
  t.same(play.phases(), ['dispatched', 'parked', 'ready', 'succeeded', 'dispatched'], 'one goes to see')
  play.begin(4)
  play.end(4, done)
  t.equal(play.task(2).phase, 'ready', 'and no other with it')
  play.happened({ type: 'provider-freed', provider: 'glm' })
  t.equal(play.task(2).phase, 'dispatched')
})

void t.test(
  'a task that was told no date waits as long as its provider is held, not for a guess of its own',
  async (t) => {
    const play = new Play(
      rulesOf([{ agent: 'a' }, { agent: 'b' }], { providers: new Map([[asAgentName('a'), 'glm']]) }),
    )
    const failure = { kind: 'quota', class: 'quota', message: 'm', signature: 's' } as const
    const refused = { how: 'failed', failure, details: {}, changeSet: null } as const
    const until = play.now + 3_000_000
    play.happened({ type: 'provider-held', provider: 'glm', class: 'quota', until })
    for (const index of [0, 1]) play.begin(index)
    play.end(0, refused)
    t.match(play.task(0), { phase: 'parked', until })
    t.match(play.end(1, refused), [{ type: 'wake', delayMs: 900_000 }], 'nobody is held for it')
    play.now = until
    play.happened({ type: 'provider-tried', provider: 'glm' })
    play.wake(0)
    play.begin(0)
    t.match(play.end(0, refused), [{ type: 'wake', delayMs: 1_800_000 }], 'the hold that is over tells nothing')
  },
)

void t.test('what every attempt used is added up, and what one did not tell stays unknown', async (t) => {
  const play = new Play(rulesOf([{ retries: 3 }, {}]))
  const usedBy = (index: number): object => itemAt(play.state.tasks, index).tally.usage
  const used = (inputTokens: number, outputTokens: number, costUsd: number | null): { details: object } => ({
    details: { usage: { model: 'm', inputTokens, outputTokens, costUsd } },
  })
  play.begin(0)
  t.same(usedBy(0), { inputTokens: null, outputTokens: null, costUsd: null, models: [], unknown: 0 })
  play.end(0, { ...failing('agent', 'a'), ...used(10, 1, 0.25) } as AttemptEnd)
  play.wake(0)
  play.begin(0)
  play.end(0, { ...failing('agent', 'b'), details: { usage: 'much' } } as AttemptEnd)
  t.same(usedBy(0), { inputTokens: 10, outputTokens: 1, costUsd: 0.25, models: ['m'], unknown: 1 })
  play.wake(0)
  play.begin(0)
  play.end(0, { ...done, ...used(5, 2, null) } as AttemptEnd)
  play.end(0, { ...done, ...used(5, 2, null) } as AttemptEnd)
  t.same(usedBy(0), { inputTokens: 15, outputTokens: 3, costUsd: 0.25, models: ['m'], unknown: 2 }, 'a late one is not')
  play.begin(1)
  play.end(1, lost)
  t.match(usedBy(1), { inputTokens: null, unknown: 1 })
})

void t.test('a conflict among needs is not retried', async (t) => {
  const play = new Play(rulesOf([{ retries: 5 }]))
  play.begin(0)
  play.end(0, failing('conflict'))
  t.equal(play.task(0).phase, 'failed')
})

void t.test(
  'a task that has used all that it may is not tried again; a run that has ends as after a failure',
  async (t) => {
    const play = new Play(rulesOf([{ retries: 5 }, {}, {}]))
    play.begin(0)
    play.begin(1)
    play.end(0, failing('budget'))
    t.match(play.task(0), { phase: 'failed', reason: 'its budget is used up' })
    const reason = 'the run has used $2 of the $2 that it may'
    t.match(play.happened({ type: 'budget-reached', reason }), [
      { type: 'cancel', task: 't1', how: 'graceful', reason },
    ])
    t.same(play.phases(), ['failed', 'running', 'cancelled'])
    t.same(play.happened({ type: 'budget-reached', reason }), [])
    play.end(1, done)
    t.match(play.state.phase, { name: 'settled', interrupted: false, reason })
  },
)

void t.test('late, doubled and unknown attempts change nothing', async (t) => {
  const play = new Play(rulesOf([{ retries: 1 }, {}]))
  play.begin(0)
  play.end(0, failing())
  play.wake(0)
  play.begin(0)
  const before = play.state
  play.end(0, done, 1)
  t.same(play.state, before, 'the end of attempt 1 arrives when attempt 2 runs')
  play.end(0, done)
  const after = play.state
  play.end(0, failing())
  play.wake(0)
  play.begin(0)
  t.same(play.state, after, 'an ended task stays ended')
})

void t.test('a graceful stop cancels what waits, tells what runs, and settles when that has ended', async (t) => {
  const play = new Play(rulesOf([{}, {}, {}, { needs: [0] }], { concurrency: 1, mailbox: 1 }))
  play.begin(0)
  const commands = play.happened({ type: 'stop-requested', how: 'graceful', reason: 'asked' })
  t.match(commands, [
    { type: 'cancel', task: 't0' },
    { type: 'cancel', task: 't1' },
  ])
  t.same(play.phases(), ['running', 'cancelled', 'cancelled', 'cancelled'])
  t.match(play.happened({ type: 'stop-requested', how: 'hard', reason: 'again' }), [{ task: 't0', how: 'hard' }])
  t.match(play.end(0, { how: 'cancelled', reason: 'asked', changeSet: null }), [{ type: 'settle' }])
  t.match(play.state.phase, { name: 'settled', interrupted: true })
})

void t.test('a resumed run tries lost attempts again without counting them, and lets waits go on', async (t) => {
  const play = new Play(rulesOf([{}, {}, { retries: 1 }, { needs: [2] }], { concurrency: 3 }))
  play.begin(0)
  play.begin(2)
  play.now = 5_000
  play.end(2, failing())
  play.now = 5_400
  const resumed = play.crash(play.journal.length)
  t.same(resumed, [{ type: 'wake', task: 't2', attempt: 1, delayMs: 600 }], 'what is left of the wait')
  t.same(dispatched(play.end(0, lost)), ['t0'])
  t.same(dispatched(play.end(1, lost)), ['t1'], 'also one that had only been dispatched')
  play.begin(0)
  play.end(0, failing())
  t.match(
    play.task(0),
    { phase: 'failed', attempt: 2, reason: 'no retries were asked for' },
    'nothing was counted before',
  )
  t.same(dispatched(play.wake(2)), ['t2'])
})

void t.test('a clock that was set back makes no wait longer than it was', async (t) => {
  const play = new Play(rulesOf([{ retries: 1 }]))
  play.begin(0)
  play.now = 9_999_999_999
  play.end(0, failing())
  play.now = 0
  t.same(play.crash(play.journal.length), [{ type: 'wake', task: 't0', attempt: 1, delayMs: 1_000 }])
})

void t.test('what had settled or ended is settled again, and nothing of it runs again', async (t) => {
  const play = new Play(rulesOf([{}]))
  play.begin(0)
  play.end(0, done)
  t.same(play.crash(play.journal.length), [{ type: 'settle' }])
  play.happened({ type: 'run-ended', exitCode: 0, reason: 'done' })
  t.match(play.state.phase, { name: 'ended', interrupted: false })
  t.same(play.crash(play.journal.length), [{ type: 'settle' }])
  t.match(play.state.phase, { name: 'settled', interrupted: false })
})

void t.test(
  'an interrupted run is taken up where it was stopped; ends that the work itself came to stay',
  async (t) => {
    const play = new Play(rulesOf([{}, {}, { needs: [1] }, { needs: [0] }, { needs: [2] }, {}], { concurrency: 4 }))
    play.begin(0)
    play.end(0, failing())
    play.begin(1)
    play.happened({ type: 'stop-requested', how: 'graceful', reason: 'asked' })
    play.end(1, done)
    play.happened({ type: 'run-ended', exitCode: 130, reason: 'interrupted' })
    t.same(play.phases(), ['failed', 'succeeded', 'cancelled', 'blocked', 'cancelled', 'cancelled'])
    t.same(dispatched(play.crash(play.journal.length)), ['t2', 't5'])
    t.same(play.phases(), ['failed', 'succeeded', 'dispatched', 'blocked', 'waiting', 'dispatched'])
  },
)

void t.test('a run that a failure stops goes on stopping', async (t) => {
  const play = new Play(rulesOf([{}, {}, {}], { onFailure: 'stop' }))
  play.begin(0)
  play.begin(1)
  play.end(0, failing())
  t.same(play.crash(play.journal.length), [])
  t.match(play.end(1, lost), [{ type: 'settle' }])
  t.same(play.phases(), ['failed', 'cancelled', 'cancelled'])
})

void t.test('onFailure: stop ends the run at the first failure for good', async (t) => {
  const play = new Play(rulesOf([{}, {}, {}], { onFailure: 'stop' }))
  play.begin(0)
  play.begin(1)
  t.match(play.end(0, failing()), [{ type: 'cancel', task: 't1' }])
  t.same(play.phases(), ['failed', 'running', 'cancelled'])
  play.end(1, done)
  t.match(play.state.phase, { name: 'settled', interrupted: false, reason: 'task t0 failed' })
})

void t.test('property: back-off stays within its bounds and grows without chance', async (t) => {
  const rules = { firstMs: 100, factor: 3, maxMs: 5_000, jitter: 0.4 }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
      const delay = backoffMs(rules, attempts, chance)
      return delay >= 60 - 1 && delay <= 5_000 && backoffMs(rules, attempts + 1, 0) >= backoffMs(rules, attempts, 0)
    }),
  )
  t.pass('held')
})

void t.test(
  'property: the heap gives its keys in order, the vector what was put in, and neither changes its past',
  async (t) => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000)), (keys) => {
        let heap: LeftistHeap = null
        for (const key of keys) heap = pushed(heap, key)
        const whole = heap
        const ascending = keys.toSorted((a, b) => a - b)
        const atOnce: number[] = []
        for (let rest = heapOf(ascending); rest !== null; rest = popped(rest)) atOnce.push(rest.key)
        if (!same(atOnce, ascending)) return false
        const out: number[] = []
        for (; heap !== null; heap = popped(heap)) out.push(heap.key)
        return same(out, ascending) && (whole === null || whole.key === out[0])
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 600 }), fc.nat(), fc.nat(), (items, where, item) => {
        const index = where % items.length
        const vector = vectorOf(items)
        const changed = withItem(vector, index, item)
        return same([...itemsOf(vector)], items) && same([...itemsOf(changed)], items.with(index, item))
      }),
    )
    t.throws(() => itemAt(vectorOf([1]), 1), RangeError)
  },
)

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i])

const sketch = (index: number): fc.Arbitrary<TaskSketch> =>
  fc.record({
    needs: index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
    agent: fc.constantFrom('a', 'b', 'c'),
    retries: fc.nat(2),
  })
const graphs = fc
  .integer({ min: 1, max: 30 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, i) => sketch(i))))

void t.test(
  'property: any graph, any failures, any order of ends: limits hold, order holds, every task ends, the journal folds to the state',
  async (t) => {
    const limits = fc.record({ concurrency: fc.integer({ min: 1, max: 5 }), mailbox: fc.nat(4), stopAt: fc.nat(200) })
    fc.assert(
      fc.property(graphs, limits, fc.infiniteStream(fc.nat(99)), (sketches, { concurrency, mailbox, stopAt }, dice) => {
        const agentLimits = new Map([[asAgentName('a'), 1]])
        const rules = rulesOf(sketches, {
          concurrency,
          mailbox,
          agentLimits,
          pauses: true,
          backoff: { firstMs: 1, factor: 1, maxMs: 1, jitter: 0 },
        })
        const play = new Play(rules)
        const failed = new Set<number>()
        for (let step = 0; play.state.phase.name !== 'settled'; step++) {
          if (step > 2_000) throw new Error('it never settles')
          if (step === stopAt) play.happened({ type: 'stop-requested', how: 'graceful', reason: 'chance' })
          turn(play, failed, () => dice.next().value)
          checkLimits(play, sketches)
          checkPauses(play)
        }
        checkBlocked(play, sketches, failed)
        if (
          JSON.stringify([...itemsOf(fold(rules, play.journal).tasks)]) !==
          JSON.stringify([...itemsOf(play.state.tasks)])
        ) {
          throw new Error('the journal does not fold to the state')
        }
      }),
      { numRuns: 400 },
    )
    t.pass('held for 400 runs')
  },
)

void t.test(
  'property: a supervisor that dies after any record loses no end, begins nothing again that succeeded, and the next one finishes',
  async (t) => {
    const deaths = fc.array(fc.nat(60), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(graphs, deaths, fc.infiniteStream(fc.nat(99)), (sketches, steps, dice) => {
        const roll = (): number => dice.next().value
        const play = new Play(
          rulesOf(sketches, { mailbox: 2, pauses: true, backoff: { firstMs: 1, factor: 1, maxMs: 1, jitter: 0 } }),
        )
        for (const stepsOfOneLife of steps) {
          for (let step = 0; step < stepsOfOneLife; step++) turn(play, new Set(), roll)
          dieAndResume(play, 1 + (roll() % play.journal.length))
        }
        for (let step = 0; play.state.phase.name !== 'settled'; step++) {
          if (step > 2_000) throw new Error('it never settles')
          turn(play, new Set(), roll)
        }
        const completed = play.journal.flatMap(({ event }) =>
          event.type === 'attempt-ended' && event.end.how === 'completed' ? [event.task] : [],
        )
        if (new Set(completed).size < completed.length) throw new Error('a task was completed twice')
      }),
      { numRuns: 400 },
    )
    t.pass('held for 400 runs')
  },
)

/** What succeeded according to the records that are left is still so, and every attempt under way ends as lost. */
function dieAndResume(play: Play, kept: number): void {
  const before = fold(play.rules, play.journal.slice(0, kept))
  play.crash(kept)
  for (const [index, { state }] of [...itemsOf(before.tasks)].entries()) {
    if (state.phase === 'dispatched' || state.phase === 'running') play.end(index, lost)
    if (state.phase === 'succeeded' && JSON.stringify(play.task(index)) !== JSON.stringify(state))
      throw new Error('a success was forgotten')
  }
}

/** One random thing that the shell might see next. */
function turn(play: Play, failed: Set<number>, roll: () => number): void {
  const open = play
    .phases()
    .flatMap((phase, index) => (['dispatched', 'running', 'backing-off'].includes(phase) ? [index] : []))
  const index = open[roll() % Math.max(1, open.length)]
  if (index === undefined) return
  const { phase } = play.task(index)
  const running = play.state.counts.running < play.rules.concurrency
  if (phase === 'backing-off') play.wake(index)
  else if (phase === 'dispatched') {
    if (running) play.begin(index)
  } else if (play.state.phase.name === 'stopping')
    play.end(index, { how: 'cancelled', reason: 'stop', changeSet: null })
  else if (play.state.paused.has(index)) waitOver(play, index, roll)
  else if (roll() < 30) meet(play, index, roll)
  else if (roll() < 25) play.end(index, failing('agent', `s${roll()}`))
  else play.end(index, done)
  if (play.task(index).phase === 'failed') failed.add(index)
}

/** What two tasks write does not go together, or does again. */
function meet(play: Play, index: number, roll: () => number): void {
  const other = roll() % play.rules.tasks.length
  if (other === index) return
  const [ours, theirs] = [index, other].map((one) => asTaskId(`t${one}`))
  if (ours === undefined || theirs === undefined) return
  const conflicts = [{ kind: 'content', file: 'f', ours, theirs, places: [], message: '' }] as const
  const pauses = play
    .happened(roll() < 70 ? { type: 'conflict-found', conflicts, asOfNow: true } : { type: 'conflict-gone', conflicts })
    .filter((command) => command.type === 'pause')
  for (const { task, attempt, by } of pauses) {
    play.happened({ type: 'attempt-paused', task, attempt, by, processes: roll() % 4 })
  }
}

/** Whoever waits for a task that runs no more is judged; one that stands still does nothing else. */
function waitOver(play: Play, index: number, roll: () => number): void {
  const pause = play.state.paused.get(index)
  if (pause === undefined) return
  if (!pause.isStill) return void play.end(index, done)
  const { phase } = play.task(pause.by)
  if (phase === 'running') return
  const [task, by] = [asTaskId(`t${index}`), asTaskId(`t${pause.by}`)]
  const outcome = phase === 'succeeded' && roll() < 50 ? 'rebase' : 'continue'
  const commands = play.happened({ type: 'pause-over', task, attempt: pause.attempt, by, outcome })
  if (!commands.some(({ type }) => type === outcome)) throw new Error('whoever waited was not told')
  if (outcome === 'rebase') play.end(index, { how: 'rebased', onto: by, reason: '', changeSet: null })
}

/** Whoever stands still waits for an earlier task; the first of all that run never does. */
function checkPauses({ state, rules }: Play): void {
  const running = rules.tasks.flatMap((_, index) =>
    itemAt(state.tasks, index).state.phase === 'running' ? [index] : [],
  )
  for (const [index, { by }] of state.paused) {
    if (by >= index) throw new Error('an earlier task waits for a later one')
    if (!running.includes(index)) throw new Error('a task is paused that does not run')
  }
  const [first] = running
  if (first !== undefined && state.paused.get(first)?.isStill && running.includes(state.paused.get(first)?.by ?? -1))
    throw new Error('everybody waits')
}

function checkLimits(play: Play, sketches: readonly TaskSketch[]): void {
  const { rules, state } = play
  if (outstandingTotal(state) > rules.concurrency + rules.mailbox) throw new Error('more outstanding than allowed')
  const phases = play.phases()
  const busy = phases.flatMap((phase, index) => (phase === 'running' || phase === 'dispatched' ? [index] : []))
  if (busy.filter((index) => sketches[index]?.agent === 'a').length > 1) throw new Error('agent a has two at once')
  for (const index of busy) {
    if ((sketches[index]?.needs ?? []).some((need) => phases[need] !== 'succeeded'))
      throw new Error('started before its needs')
  }
  const total = Object.values(state.counts).reduce((sum, count) => sum + count, 0)
  if (total !== sketches.length) throw new Error('the counts do not add up')
}

function checkBlocked(play: Play, sketches: readonly TaskSketch[], failed: ReadonlySet<number>): void {
  const phases = play.phases()
  for (const [index, { needs = [] }] of sketches.entries()) {
    const unlucky = needs.some((need) => phases[need] !== 'succeeded' && phases[need] !== 'cancelled')
    if (phases[index] === 'blocked' && !needs.some((need) => phases[need] !== 'succeeded'))
      throw new Error('blocked for nothing')
    if (unlucky && phases[index] === 'succeeded') throw new Error('ran although a need failed')
    if (failed.has(index) && phases[index] !== 'failed') throw new Error('a failure was forgotten')
  }
}

void t.test(
  'of two running tasks that do not go together the later one is paused, judged when the earlier one has ended, and begins anew from there',
  async (t) => {
    const conflict = {
      kind: 'content',
      file: 'f',
      ours: asTaskId('t1'),
      theirs: asTaskId('t0'),
      places: [],
      message: '',
    } as const
    const met = (change: Partial<RunRules> = {}): Play => {
      const play = new Play(rulesOf([{}, {}, {}], { concurrency: 3, pauses: true, ...change }))
      for (const task of [0, 1, 2]) play.begin(task)
      play.commands.length = 0
      play.happened({ type: 'conflict-found', conflicts: [conflict], asOfNow: true })
      return play
    }
    t.same(met({ pauses: false }).commands, [])
    const play = met()
    t.match(play.commands, [{ type: 'pause', task: 't1', attempt: 1, by: 't0' }])
    t.same(play.happened({ type: 'conflict-moved', conflicts: [conflict] }), [], 'once')
    const over = { type: 'pause-over', task: asTaskId('t1'), attempt: 1, by: asTaskId('t0') } as const
    t.equal(waitingFor(play.rules, play.state, asTaskId('t0')).length, 1)
    play.end(0, done)
    t.match(play.happened({ ...over, outcome: 'rebase' }), [{ type: 'rebase', task: 't1', attempt: 1, by: 't0' }])
    t.same(play.happened({ ...over, outcome: 'rebase' }), [], 'once')
    const rebased = { how: 'rebased', onto: asTaskId('t0'), reason: 'it did not go together', changeSet: null } as const
    t.match(play.end(1, rebased), [{ type: 'dispatch', task: 't1', attempt: 2 }])
    t.match(itemAt(play.state.tasks, 1).tally, { onto: [0], counted: 0 })

    const stopped = met()
    const orders = stopped.happened({ type: 'stop-requested', how: 'graceful', reason: 'enough' })
    t.same(
      orders.flatMap(({ type, ...order }) => ('task' in order ? [`${type} ${order.task}`] : [])),
      ['cancel t0', 'continue t1', 'cancel t1', 'cancel t2'],
      'who stands still cannot hear',
    )
    t.same(stopped.happened({ ...over, outcome: 'continue' }), [])

    const unstoppable = met()
    unstoppable.happened({ type: 'attempt-paused', task: asTaskId('t1'), attempt: 1, by: asTaskId('t0'), processes: 0 })
    t.same(
      waitingFor(unstoppable.rules, unstoppable.state, asTaskId('t0')),
      [],
      'what cannot stand still does not wait',
    )
    t.same(unstoppable.happened({ type: 'conflict-moved', conflicts: [conflict] }), [])
  },
)

void t.test('a decision changes nothing that it was given', async (t) => {
  const rules = rulesOf([{ retries: 1 }, { needs: [0] }, {}])
  const play = new Play(rules)
  const past: { readonly state: RunState; readonly text: string }[] = []
  const remember = (): void => void past.push({ state: play.state, text: print(play.state) })
  remember()
  play.begin(0)
  remember()
  play.end(0, failing())
  remember()
  play.wake(0)
  play.begin(0)
  remember()
  play.end(0, done)
  for (const { state, text } of past) t.equal(print(state), text)
})

const print = (state: RunState): string =>
  JSON.stringify(state, (_, value: unknown) => (value instanceof Map ? [...value] : value))

void t.test('twenty thousand tasks in one chain and twenty thousand at once are decided in a moment', async (t) => {
  const chain = Array.from({ length: 20_000 }, (_, index) => (index === 0 ? {} : { needs: [index - 1] }))
  const links = new Play(chainRules(chain))
  links.begin(0)
  links.end(0, failing())
  t.equal(links.state.counts.blocked, 19_999, 'without a deep recursion')
  const flat = new Play(flatRules(20_000))
  for (let index = 0; index < 20_000; index++) {
    flat.begin(index)
    flat.end(index, done)
  }
  t.equal(flat.state.counts.succeeded, 20_000)
})

function chainRules(sketches: readonly TaskSketch[]): RunRules {
  const rules = flatRules(sketches.length)
  const tasks = rules.tasks.map((task, index) => ({
    ...task,
    needs: sketches[index]?.needs ?? [],
    dependants: index + 1 < sketches.length ? [{ index: index + 1, hard: true }] : [],
  }))
  return { ...rules, tasks }
}

function flatRules(count: number): RunRules {
  const one = rulesOf([{}])
  const tasks = Array.from({ length: count }, (_, index) => ({
    ...must(one.tasks[0]),
    id: asTaskId(`t${index}`),
    rank: index,
  }))
  return {
    ...one,
    tasks,
    byRank: tasks.map((_, index) => index),
    indexOf: new Map(tasks.map((task, index) => [task.id, index])),
    concurrency: 16,
    mailbox: 64,
  }
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('nothing there')
  return value
}
