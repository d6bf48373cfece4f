// Times one rule and a table of 3,700 rows (its last row) in engines of JavaScript. Prints one JSON object, in microseconds
// a decision.
//   npm ci && node measure.mjs
import { ZenEngine } from '@gorules/zen-engine';
import jsonLogic from 'json-logic-js';
import { Engine } from 'json-rules-engine';

const input = { risk: { score: 39 }, applicant: { country: 'DE' } };
const rows = 3700;
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function microseconds(times, run) {
  await run(times); // warm-up
  const rounds = [];
  for (let i = 0; i < 7; i++) {
    const start = process.hrtime.bigint();
    await run(times);
    rounds.push(Number(process.hrtime.bigint() - start) / 1000 / times);
  }
  return Number(median(rounds).toFixed(2));
}

function expect(found, wanted) {
  if (found !== wanted) throw new Error(`${found}, want ${wanted}`);
}

const rule = { and: [{ '<': [{ var: 'risk.score' }, 40] }, { '==': [{ var: 'applicant.country' }, 'DE'] }] };
function logic(times) {
  for (let i = 0; i < times; i++) expect(jsonLogic.apply(rule, input), true);
}

const engine = new Engine([
  {
    conditions: {
      all: [
        { fact: 'risk', path: '$.score', operator: 'lessThan', value: 40 },
        { fact: 'applicant', path: '$.country', operator: 'equal', value: 'DE' },
      ],
    },
    event: { type: 'review' },
  },
]);
async function rulesEngine(times) {
  for (let i = 0; i < times; i++) expect((await engine.run(input)).events.length, 1);
}

const decision = (fields, outputs, lines) => ({
  nodes: [
    { id: 'in', type: 'inputNode', name: 'in', position: { x: 0, y: 0 } },
    {
      id: 'table', type: 'decisionTableNode', name: 'table', position: { x: 0, y: 0 },
      content: {
        hitPolicy: 'first', inputs: fields.map((field, i) => ({ id: `i${i}`, name: field, field })),
        outputs: outputs.map((field, i) => ({ id: `o${i}`, name: field, field })), rules: lines,
      },
    },
    { id: 'out', type: 'outputNode', name: 'out', position: { x: 0, y: 0 } },
  ],
  edges: [
    { id: 'a', type: 'edge', sourceId: 'in', targetId: 'table' },
    { id: 'b', type: 'edge', sourceId: 'table', targetId: 'out' },
  ],
});
const zen = new ZenEngine();
function zenOf(lines, fields, asked) {
  const made = zen.createDecision(Buffer.from(JSON.stringify(decision(fields, ['outcome'], lines))));
  return async (times) => {
    for (let i = 0; i < times; i++) expect((await made.evaluate(asked)).result.outcome, 'review');
  };
}
const one = zenOf([{ _id: 'r', i0: '< 40', i1: '"DE"', o0: '"review"' }], ['risk.score', 'applicant.country'], input);
const table = zenOf(
  Array.from({ length: rows }, (_, i) => ({ _id: `r${i}`, i0: `"c${i}"`, i1: `[${i}..${i + 1000})`, o0: '"review"' })),
  ['country', 'income'],
  { country: `c${rows - 1}`, income: 4000 },
);

process.stdout.write(`${JSON.stringify({
  unit: 'us/decision',
  one_rule: {
    json_logic_js: await microseconds(100000, logic),
    json_rules_engine: await microseconds(2000, rulesEngine),
    zen_engine: await microseconds(2000, one),
  },
  table_of_3700_rows: { zen_engine: await microseconds(100, table) },
})}\n`);
