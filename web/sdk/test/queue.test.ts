import { expect, it } from 'vitest';
import { type Fate, started } from './fake.ts';

it('without a network everything waits in its order, and goes through once it is back', async () => {
  const { flow, server, clock } = await started();
  server.fates = Array(20).fill('gone');
  const events: string[] = [];
  flow.on('offline', () => events.push('offline'));
  flow.on('online', () => events.push('online'));
  const saves = ['A', 'B', 'C'].map((given) => flow.save({ 'applicant.given': given }, { partial: true }));
  await clock.advance(120_000);
  expect(flow.getState()).toMatchObject({ saving: 'waiting', pending: 3 });
  server.fates = [];
  await clock.until(flow.refresh()); // the network is back: nobody waits for the next pause
  const at = clock.time;
  expect((await clock.until(Promise.all(saves))).every((one) => one.ok)).toBe(true);
  expect(clock.time).toBe(at);
  expect(server.writes).toEqual(['A', 'B', 'C'].map((given) => JSON.stringify({ 'applicant.given': given })));
  expect(flow.getState()).toMatchObject({ saving: 'idle', pending: 0 });
  expect(events).toEqual(['offline', 'online']);
});

it('a save that is refused does not stop those behind it', async () => {
  const { flow, server, clock } = await started();
  const saves = ['wrong', 'Ada'].map((given) => flow.save({ 'applicant.given': given }, { partial: true }));
  expect((await clock.until(Promise.all(saves))).map((one) => one.ok)).toEqual([false, true]);
  expect(server.values).toEqual({ 'applicant.given': 'Ada' });
});

it('what the server fails at again and again is a result', async () => {
  const { flow, server, clock } = await started();
  server.fates = Array(4).fill({ status: 500, code: 'internal' });
  const saved = await clock.until(flow.save({ 'applicant.given': 'Ada' }));
  expect(saved.error).toMatchObject({ kind: 'failed', code: 'internal', status: 500 });
  expect(server.fates).toEqual([]);
  expect((await clock.until(flow.save({ 'applicant.given': 'Ada' }))).ok).toBe(true);
});

/** Numbers that are the same for the same seed (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

const fates: Fate[] = [
  'ok',
  'ok',
  'lost',
  'gone',
  'hangs',
  { status: 503 },
  { status: 429, after: 2 },
  { status: 409, code: 'conflict' },
];

it('whatever happens to the network, all saves arrive in their order, and the server has what was entered last', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const roll = dice(seed);
    const { flow, server, clock } = await started();
    server.fates = Array.from({ length: roll(40) }, () => fates[roll(fates.length)] ?? 'ok');
    const saves: Promise<{ ok: boolean }>[] = [];
    const expected: Record<string, unknown> = {};
    const sent: string[] = [];
    for (let i = 0; i < 1 + roll(8); i++) {
      const field = `applicant.${['given', 'family', 'country'][roll(3)]}`;
      const values = { [field]: `${seed}-${i}` };
      Object.assign(expected, values);
      sent.push(JSON.stringify(values));
      saves.push(flow.save(values, { partial: true }));
      if (roll(3) === 0) await clock.advance(roll(5000));
      if (roll(5) === 0) void flow.refresh();
    }
    const results = await clock.until(Promise.all(saves));
    expect(
      results.every((one) => one.ok),
      `seed ${seed}`,
    ).toBe(true);
    // A save whose answer was lost is written again, and changes nothing then.
    const once = server.writes.filter((one, i) => one !== server.writes[i - 1]);
    expect(once, `seed ${seed}`).toEqual(sent);
    expect(server.values, `seed ${seed}`).toEqual(expected);
    expect(flow.getState(), `seed ${seed}`).toMatchObject({ pending: 0, saving: 'idle' });
    flow.destroy();
  }
});
