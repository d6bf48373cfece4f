// Plays machines, as JSON has them, to XState 4 or 5: a job a line on standard input, a result a line on standard output.
//
//   {"version": 4 | 5, "machine": {…}, "guards": {"g1_n_2": true}, "events": [{"type": "X"} | {"after": 1500} | {"done": "w1"}]}
//   [{"configuration": ["a.b", …], "status": "active" | "done" | "livelock"}, …]
//
// Conditions are functions in XState: each has the value that the job gives it by its name and parameters. Services never
// answer by themselves: {"done": id} is the answer.
import { createInterface } from 'node:readline'
import { createMachine as createMachine4, interpret } from 'xstate4'
import { createActor, createMachine as createMachine5, raise as raise5 } from 'xstate5'
import * as actions4 from 'xstate4/lib/actions.js'
import { Clock, leaves } from './clock.mjs'

const limit = 120
console.warn = () => {} // that a machine has ended, and that it does not say predictableActionArguments



const key = (name, params) => (params && params.n !== undefined ? `${name}_n_${params.n}` : name)

// revived puts XState's own actions where their JSON stands.
function revived(value, raise) {
  if (Array.isArray(value)) return value.map((v) => revived(v, raise))
  if (value === null || typeof value !== 'object') return value
  if (value.type === 'xstate.raise') return raise(value.event)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revived(inner, raise)]))
}

const proxy = (make) => new Proxy({}, { get: (_, name) => (typeof name === 'string' ? make(name) : undefined), has: () => true, getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }) })

function play5(job) {
  const machine = createMachine5(revived(job.machine, (event) => raise5(event))).provide({})
  machine.implementations = {
    ...machine.implementations,
    guards: proxy((name) => (_, params) => job.guards[key(name, params)] === true),
    actions: { note: () => {} },
    actors: proxy(() => ({ transition: (s) => s, getInitialSnapshot: () => ({ status: 'active' }), getPersistedSnapshot: (s) => s, start: () => {} })),
  }
  machine.options = { ...machine.options, maxIterations: limit }
  const clock = new Clock()
  const actor = createActor(machine, { clock })
  let failed = false
  actor.subscribe({ error: () => { failed = true } })
  const look = () => {
    const snapshot = actor.getSnapshot()
    if (failed || snapshot.status === 'error') return { configuration: [], status: 'livelock' }
    return { configuration: leaves(snapshot.value).sort(), status: snapshot.status }
  }
  actor.start()
  const steps = [look()]
  for (const event of job.events) {
    if (event.after) clock.advance(event.after)
    else if (!event.done) actor.send(event)
    else if (actor.getSnapshot().children[event.done]) actor.send({ type: `xstate.done.actor.${event.done}` })
    steps.push(look())
  }
  actor.stop()
  return steps
}

function play4(job) {
  const machine = createMachine4(revived(job.machine, (event) => actions4.raise(event)), {
    guards: proxy((name) => (_, __, meta) => job.guards[key(name, meta.cond.params)] === true),
    services: proxy(() => () => new Promise(() => {})),
    actions: { note: () => {} },
  })
  const clock = new Clock()
  const service = interpret(machine, { clock, devTools: false, logger: () => {} })
  const look = () => ({ configuration: leaves(service.state.value).sort(), status: service.state.done ? 'done' : 'active' })
  const steps = []
  try {
    service.start()
    steps.push(look())
    for (const event of job.events) {
      if (event.after) clock.advance(event.after)
      else if (!event.done) service.send(event)
      else if (service.children.has(event.done)) service.send({ type: `done.invoke.${event.done}` })
      steps.push(look())
    }
  } catch (e) {
    if (!(e instanceof RangeError)) throw e
    steps.push({ configuration: [], status: 'livelock' }) // it goes round until the stack is full
  }
  service.stop()
  return steps
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line)
  let answer
  try {
    answer = job.version === 4 ? play4(job) : play5(job)
  } catch (e) {
    answer = { error: String(e.stack) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
