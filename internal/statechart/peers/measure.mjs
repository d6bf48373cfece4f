// Times one event on a flat chart with one guard: XState 5's pure transition, and Ballerine's workflow-core both on a
// live instance and rebuilt for each event (as its server does). Prints one JSON object, in microseconds an event.
//   npm ci && node measure.mjs
import { createRequire } from 'node:module';
import { createMachine, initialTransition, transition } from 'xstate5';

const { createWorkflow } = createRequire(import.meta.url)('@ballerine/workflow-core');
for (const level of ['log', 'info', 'debug', 'warn', 'error']) console[level === 'log' ? 'info' : level] = () => {};

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function microseconds(events, run) {
  await run(events); // warm-up
  const rounds = [];
  for (let i = 0; i < 7; i++) {
    const start = process.hrtime.bigint();
    await run(events);
    rounds.push(Number(process.hrtime.bigint() - start) / 1000 / events);
  }
  return Number(median(rounds).toFixed(2));
}

function xstate() {
  const machine = createMachine({
    id: 'flat', initial: 'screen', context: { risk: { score: 12 } },
    states: {
      screen: { on: { NEXT: [{ guard: ({ context }) => context.risk.score < 40, target: 'approved' }, { target: 'review' }] } },
      approved: { on: { BACK: 'screen' } },
      review: { on: { BACK: 'screen' } },
    },
  });
  const [initial] = initialTransition(machine);
  return (events) => {
    let state = initial;
    for (let i = 0; i < events; i++) [state] = transition(machine, state, { type: i % 2 ? 'BACK' : 'NEXT' });
  };
}

const definition = () => ({
  runtimeId: 'r', definitionType: 'statechart-json', workflowContext: { machineContext: { risk: { score: 12 } } },
  extensions: {},
  definition: {
    id: 'flat', predictableActionArguments: true, initial: 'screen',
    states: {
      screen: {
        on: {
          NEXT: [
            { cond: { type: 'json-logic', options: { rule: { '<': [{ var: 'risk.score' }, 40] } } }, target: 'approved' },
            { target: 'review' },
          ],
        },
      },
      approved: { on: { BACK: 'screen' } },
      review: { on: { BACK: 'screen' } },
    },
  },
});

async function live(events) {
  const workflow = createWorkflow(definition());
  for (let i = 0; i < events; i++) await workflow.sendEvent({ type: i % 2 ? 'BACK' : 'NEXT' });
}

async function rebuilt(events) {
  for (let i = 0; i < events; i++) await createWorkflow(definition()).sendEvent({ type: 'NEXT' });
}

process.stdout.write(`${JSON.stringify({
  unit: 'us/event',
  xstate_transition: await microseconds(20000, xstate()),
  ballerine_live: await microseconds(500, live),
  ballerine_rebuilt: await microseconds(500, rebuilt),
})}\n`);
