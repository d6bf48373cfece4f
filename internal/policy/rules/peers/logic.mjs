// Applies json-logic rules: a line of {"rule", "data"} in, a line of {"value"} or {"error"} out. What JSON cannot say
// (NaN, Infinity, undefined) is reported as {"error"}.
import { createInterface } from 'node:readline';
import jsonLogic from 'json-logic-js';

const plain = (value) =>
  value === null || ['boolean', 'string'].includes(typeof value) || Number.isFinite(value) ||
  (typeof value === 'object' && Object.values(value).every(plain));

function apply({ rule, data }) {
  try {
    const value = jsonLogic.apply(rule, data);
    return plain(value) ? { value } : { error: String(value) };
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(apply(JSON.parse(line)))}\n`);
