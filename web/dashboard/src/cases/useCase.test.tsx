import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Case, client, keys } from '@/api';
import { useCase, usePresence } from './useCase';
import { interval } from './watch';

const ok = (data: unknown) => ({ data, response: new Response() }) as never;

describe('the page of a case', () => {
  const queries = new QueryClient();
  let version = 1;
  let put = vi.spyOn(client, 'PUT');
  let get = vi.spyOn(client, 'GET');
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>{children}</QueryClientProvider>
  );
  const open = () =>
    renderHook(({ editing }) => ({ one: useCase('case_1').data, others: usePresence('case_1', editing).others }), {
      wrapper,
      initialProps: { editing: false },
    });
  const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

  beforeEach(() => {
    vi.useFakeTimers();
    queries.clear();
    version = 1;
    queries.setQueryData<Case>(keys.case('case_1'), { id: 'case_1', version } as Case);
    put = vi.spyOn(client, 'PUT').mockImplementation(async () => ok({ version, others: [{ user: 'user_2' }] }));
    get = vi.spyOn(client, 'GET').mockImplementation(async () => ok({ id: 'case_1', version }));
    vi.spyOn(client, 'DELETE').mockImplementation(async () => ok(undefined));
  });
  afterEach(() => {
    cleanup();
    vi.useRealTimers();
  });

  it('sends one request in an interval while nothing changes', async () => {
    const page = open();
    await pass(0);
    put.mockClear();
    get.mockClear();
    await pass(12 * interval);
    expect(put).toHaveBeenCalledTimes(12);
    expect(get).not.toHaveBeenCalled();
    expect(page.result.current.others).toHaveLength(1);
  });
  it('reads the case when its version is newer, and once', async () => {
    const page = open();
    await pass(0);
    get.mockClear();
    version = 2;
    await pass(3 * interval);
    expect(page.result.current.one?.version).toBe(2);
    expect(get).toHaveBeenCalledTimes(1);
  });
  it('reports at once that its reader has begun to write', async () => {
    const page = open();
    await pass(0);
    put.mockClear();
    page.rerender({ editing: true });
    await pass(0);
    expect(put).toHaveBeenCalledTimes(1);
    expect(put.mock.calls[0]?.[1]).toMatchObject({ body: { editing: true } });
  });
  it('asks for the case itself when presence cannot be reported', async () => {
    open();
    await pass(0);
    get.mockClear();
    put.mockRejectedValue(new TypeError('unreachable'));
    await pass(interval);
    expect(get).toHaveBeenCalledTimes(1);
  });
});
