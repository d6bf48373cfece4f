import { expect, it } from 'vitest';
import { createFlow, type Failure, type Snapshot } from '../src/index.ts';
import { FakeServer, started, VirtualClock } from './fake.ts';

const about = { 'applicant.given': 'Ada', 'applicant.family': 'Lovelace', 'applicant.country': 'GB' };

it('a flow starts where the applicant stopped', async () => {
  const { flow, server } = await started({ locale: 'de-AT' });
  expect(flow.getState()).toMatchObject({ status: 'ready', pageId: 'about', locale: 'de-AT', saving: 'idle' });
  expect(server.calls).toMatchObject([
    { method: 'GET', path: '/v1/flow/state?locale=de-AT', headers: { Authorization: 'Bearer one' } },
  ]);
});

it('snapshots are never changed, and are the same while nothing changes', async () => {
  const { flow, clock } = await started();
  const before = flow.getState();
  expect(flow.getState()).toBe(before);
  for (const one of [before, before.state, before.state?.flow.pages[0]?.elements[0], before.page])
    expect(Object.isFrozen(one)).toBe(true);
  const seen: Snapshot[] = [];
  const stop = flow.subscribe(() => seen.push(flow.getState()));
  await clock.until(flow.save(about));
  expect(before.pageId).toBe('about');
  expect(seen.at(-1)?.pageId).toBe('papers');
  const count = seen.length;
  stop();
  await clock.until(flow.refresh());
  expect(seen.length).toBe(count);
});

it('a page that is saved leads to the next; half a page stays', async () => {
  const { flow, server, clock } = await started();
  const pages: unknown[] = [];
  flow.on('page', ({ pageId }) => pages.push(pageId));
  const half = await clock.until(flow.save({ 'applicant.given': 'Ada' }, { partial: true }));
  expect(half.ok && flow.getState().pageId).toBe('about');
  expect(server.calls.at(-1)).toMatchObject({
    method: 'PUT',
    path: '/v1/flow/pages/about?locale=en',
    headers: { 'If-Match': '"1"' },
    body: { values: { 'applicant.given': 'Ada' }, partial: true },
  });
  await clock.until(flow.save(about));
  expect(pages).toEqual(['papers']);
  expect(flow.back()).toMatchObject({ ok: true, value: { id: 'about' } });
  expect(flow.back()).toMatchObject({ ok: false, error: { code: 'no_page' } });
  expect(flow.goTo('nowhere')).toMatchObject({ ok: false });
  expect(flow.goTo('send').ok && flow.getState().page?.id).toBe('send');
  expect(pages).toEqual(['papers', 'about', 'send']);
});

it('what the server refuses is a result, with each field', async () => {
  const { flow, clock } = await started();
  const refused: Failure[] = [];
  flow.on('refused', (error) => refused.push(error));
  const saved = await clock.until(flow.save({ 'applicant.given': 'wrong' }));
  expect(saved.error).toEqual({
    kind: 'refused',
    code: 'invalid',
    status: 422,
    message: '',
    requestId: 'req_1',
    fields: [{ field: 'applicant.given', code: 'format', message: 'No.' }],
  });
  expect(refused.length).toBe(1);
  expect(flow.getState().pageId).toBe('about');
});

it('a token that is not accepted is renewed once', async () => {
  const renewals: boolean[] = [];
  let token = 'one';
  const { flow, server, clock } = await started({
    getToken: async (renew) => {
      renewals.push(renew);
      if (renew) token = 'two';
      return token;
    },
  });
  server.token = 'two';
  expect((await clock.until(flow.refresh())).ok).toBe(true);
  expect(renewals).toEqual([false, false, true]);
});

it('without another token the flow has expired, and what was entered waits for one', async () => {
  let token = 'one';
  const { flow, server, clock } = await started({ getToken: () => token });
  server.token = 'two';
  const expired: unknown[] = [];
  flow.on('expired', (error) => expired.push(error.kind));
  const saving = flow.save(about);
  await clock.advance(3_600_000);
  expect(flow.getState()).toMatchObject({ status: 'expired', saving: 'waiting', pending: 1 });
  expect(expired).toEqual(['expired']);
  const tries = server.calls.length;
  expect(tries).toBe(2); // the first reading, and the save: the same token is not tried twice
  token = 'two';
  expect((await clock.until(flow.refresh())).ok).toBe(true);
  expect((await clock.until(saving)).ok).toBe(true);
  expect(flow.getState()).toMatchObject({ status: 'ready', saving: 'idle', pending: 0, pageId: 'papers' });
});

it('attempts of a call are bounded, grow apart and keep to what the server asks', async () => {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const at: number[] = [];
  server.fates = ['gone', { status: 503 }, { status: 429, code: 'rate_limited', after: 7 }, 'gone', 'gone'];
  const flow = createFlow({
    baseUrl: 'https://api.test',
    getToken: () => 'one',
    clock,
    random: () => 0,
    fetch: (url, init) => {
      at.push(clock.time);
      return server.fetch(url, init);
    },
  });
  await clock.advance(60_000);
  expect(at.map((one) => one - (at[0] ?? 0))).toEqual([0, 500, 1500, 8500]);
  expect(flow.getState()).toMatchObject({ status: 'failed', error: { kind: 'offline', code: 'unreachable' } });
  server.fates = [];
  expect((await clock.until(flow.refresh())).ok && flow.getState().status).toBe('ready');
});

it('pauses are shorter by chance', async () => {
  const { flow, server, clock } = await started({ random: () => 1 });
  server.fates = ['gone'];
  const start = clock.time;
  await clock.until(flow.refresh());
  expect(clock.time - start).toBe(250);
});

it('an answer that never comes is given up, and asked for again', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['hangs'];
  const start = clock.time;
  expect((await clock.until(flow.refresh())).ok).toBe(true);
  expect(clock.time - start).toBe(30_500);
});

it('answers that were changed elsewhere are not overwritten, and what is newer is shown', async () => {
  const { flow, server, clock } = await started();
  server.change('applicant.given', 'Grace');
  const lost = await clock.until(flow.save({ 'applicant.given': 'Ada' }, { partial: true }));
  expect(lost.error).toMatchObject({ kind: 'conflict', code: 'changed', status: 412 });
  expect(server.values['applicant.given']).toBe('Grace');
  expect(flow.getState().page?.elements[0]?.value).toBe('Grace');
  expect((await clock.until(flow.save({ 'applicant.given': 'Ada' }, { partial: true }))).ok).toBe(true);
  expect(server.values['applicant.given']).toBe('Ada');
});

it('a change of something else does not stop a save', async () => {
  const { flow, server, clock } = await started();
  server.change('applicant.family', 'Hopper');
  expect((await clock.until(flow.save({ 'applicant.given': 'Grace' }, { partial: true }))).ok).toBe(true);
  expect(server.values).toEqual({ 'applicant.given': 'Grace', 'applicant.family': 'Hopper' });
});

it('what is submitted twice is submitted once, although the answer was lost', async () => {
  for (const again of [false, true]) {
    const { flow, server, clock } = await started();
    server.fates = ['lost', ...(again ? (['gone', 'gone', 'gone'] as const) : [])];
    const first = await clock.until(flow.submit());
    if (again) expect(first.error).toMatchObject({ kind: 'offline' });
    const last = again ? await clock.until(flow.submit()) : first;
    expect(last.ok).toBe(true);
    expect(server.submissions).toBe(1);
    expect(flow.getState().state?.flow.collects).toBe(false);
  }
});

it('a submission whose answer was lost is found again when its version is no more', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['lost', { status: 409, code: 'not_collecting' }];
  expect((await clock.until(flow.submit())).ok).toBe(true);
});

it('nothing is submitted that the applicant has not seen', async () => {
  const { flow, server, clock } = await started();
  server.change('applicant.given', 'Eve');
  expect((await clock.until(flow.submit())).error).toMatchObject({ kind: 'conflict', code: 'changed' });
  expect(server.submissions).toBe(0);
  server.version++; // a file has arrived
  expect((await clock.until(flow.submit())).ok).toBe(true);
});

it('two calls of submit are one', async () => {
  const { flow, server, clock } = await started();
  const [a, b] = await clock.until(Promise.all([flow.submit(), flow.submit()]));
  expect(a).toBe(b);
  expect(server.submissions).toBe(1);
});

it('submitting waits for what is being saved, and not for a network that is gone', async () => {
  const { flow, server, clock } = await started();
  const saving = flow.save(about);
  expect((await clock.until(flow.submit())).ok).toBe(true);
  expect((await saving).ok).toBe(true);
  expect(server.calls.map((one) => one.method)).toEqual(['GET', 'PUT', 'POST']);

  const other = await started();
  other.server.fates = Array(50).fill('gone');
  void other.flow.save(about);
  expect((await other.clock.until(other.flow.submit())).error).toMatchObject({ kind: 'offline', code: 'not_saved' });
  expect(other.server.submissions).toBe(0);
});

it('another language is read at once', async () => {
  const { flow, server, clock } = await started();
  await clock.until(flow.setLocale('de'));
  expect(flow.getState().locale).toBe('de');
  expect(server.calls.at(-1)?.path).toBe('/v1/flow/state?locale=de');
});

it('after its end a flow does nothing, and everything that waits has a result', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['hangs'];
  const saving = flow.save(about);
  const later = flow.save({ 'applicant.given': 'Eve' });
  await clock.flush();
  flow.destroy();
  expect((await clock.until(saving)).error).toMatchObject({ kind: 'cancelled', code: 'destroyed' });
  expect((await clock.until(later)).error).toMatchObject({ kind: 'cancelled' });
  const { length } = server.calls;
  expect((await clock.until(flow.save(about))).error).toMatchObject({ kind: 'cancelled' });
  await clock.advance(1_000_000);
  expect(server.calls.length).toBe(length);
  expect(flow.getState().status).toBe('destroyed');
});

it('answers of a proxy, and tokens that cannot be had, are results', async () => {
  const { flow, clock } = await started({ fetch: async () => new Response('<html>', { status: 403 }) });
  expect((await clock.until(flow.refresh())).error).toMatchObject({ kind: 'refused', code: 'http_403' });
  const tokenless = await started({ getToken: () => Promise.reject(new Error('gone')), retry: { attempts: 1 } });
  expect(tokenless.flow.getState()).toMatchObject({ status: 'failed', error: { kind: 'offline', code: 'no_token' } });
});
