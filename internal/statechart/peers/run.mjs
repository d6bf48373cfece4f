// Plays charts to XState and prints what they do: a job a line on standard input, a result a line on standard output.
//
//   {"machine": {…}, "events": [{"type": "X"} | {"after": 1500}]}
//   {"scxml": [step, …], "xstate": [step, …], "differed": n}
//   step: {"configuration": ["a.b", …], "status": "active" | "done" | "livelock", "n": 3}
//
// Each chart is played twice: with XState's own choice of transitions, and with SCXML's, which asks every leaf on its own.
// differed is the first step in which XState's own choice was another one; -1 when it never was. Everything else (what is
// left and entered, history, done events, actions) is XState's in both.
import { createInterface } from 'node:readline'
import { and, assign, createActor, createMachine, raise, stateIn } from 'xstate5'
import { Clock, leaves } from './clock.mjs'

const limit = 100

function action(a) {
  return a.type === 'raise' ? raise({ type: a.event }) : assign({ n: ({ context }) => (context.n * 3 + a.by) % 1009 })
}

function transition(t) {
  if (Array.isArray(t)) return t.map(transition)
  const made = { ...t }
  if (t.actions) made.actions = t.actions.map(action)
  if (t.guard) made.guard = guard(t.guard)
  return made
}

function guard(g) {
  if (g.in) return stateIn(g.in)
  return ({ context }) => (g.below === undefined ? context.n >= g.from : context.n < g.below)
}

const named = ({ event }) => !event.type.startsWith('xstate.')

// Wildcards do not match a chart's own events here; in XState they do.
function events(on) {
  return Object.fromEntries(
    Object.entries(on ?? {}).map(([name, list]) => [
      name,
      name !== '*' ? transition(list) : [].concat(transition(list)).map((t) => ({ ...t, guard: t.guard ? and([named, t.guard]) : named })),
    ]),
  )
}

function state(s) {
  const made = { ...s, on: events(s.on) }
  for (const key of ['always', 'onDone']) if (s[key]) made[key] = transition(s[key])
  for (const key of ['entry', 'exit']) if (s[key]) made[key] = s[key].map(action)
  if (s.after) made.after = Object.fromEntries(Object.entries(s.after).map(([delay, list]) => [delay, transition(list)]))
  if (s.states) made.states = Object.fromEntries(Object.entries(s.states).map(([name, inner]) => [name, state(inner)]))
  return made
}

// bySCXML asks each active leaf for the first enabled transition of its own or its ancestors.
function bySCXML(snapshot, event) {
  const found = new Set()
  for (const leaf of snapshot._nodes.filter((node) => node.type === 'atomic' || node.type === 'final').sort((a, b) => a.order - b.order)) {
    for (let node = leaf; node; node = node.parent) {
      const taken = node.next(snapshot, event)
      if (taken?.length) {
        found.add(taken[0])
        break
      }
    }
  }
  return [...found]
}

function play(job, scxml) {
  const machine = createMachine({ ...state(job.machine), id: 'm', context: { n: 0 } }, {})
  machine.options = { ...machine.options, maxIterations: limit + 20 }
  let step = 0
  let differed = -1
  const own = machine.getTransitionData.bind(machine)
  machine.getTransitionData = (snapshot, event) => {
    const theirs = own(snapshot, event)
    const standard = bySCXML(snapshot, event)
    if (differed < 0 && (theirs.length !== standard.length || theirs.some((t) => !standard.includes(t)))) differed = step
    return scxml ? standard : theirs
  }
  const clock = new Clock()
  const actor = createActor(machine, { clock })
  let failed = false
  actor.subscribe({ error: () => { failed = true } })
  const look = () => {
    const snapshot = actor.getSnapshot()
    if (failed || snapshot.status === 'error') return { configuration: [], status: 'livelock', n: 0 }
    return { configuration: leaves(snapshot.value).sort(), status: snapshot.status, n: snapshot.context.n }
  }
  actor.start()
  const steps = [look()]
  for (const event of job.events) {
    step++
    if (event.after) clock.advance(event.after)
    else actor.send(event)
    steps.push(look())
  }
  actor.stop()
  return { steps, differed }
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line)
  const standard = play(job, true)
  const own = play(job, false)
  process.stdout.write(`${JSON.stringify({ scxml: standard.steps, xstate: own.steps, differed: own.differed })}\n`)
}
