// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useFlow, useValidation } from '../src/react.ts';
import { started } from './fake.ts';

it('a component is drawn with what a flow has, and again when it changes', async () => {
  const { flow, clock } = await started();
  const drawn = renderHook(() => useFlow(flow).pageId);
  expect(drawn.result.current).toBe('about');
  await act(() => clock.until(flow.save({ 'applicant.given': 'Ada' })));
  expect(drawn.result.current).toBe('papers');
});

it('answers are judged as they are entered', async () => {
  const { flow } = await started();
  const drawn = renderHook(({ answers }) => useValidation(flow, answers).value?.page.elements[3]?.visible, {
    initialProps: { answers: { 'applicant.country': 'GB' } },
  });
  expect(drawn.result.current).toBe(false);
  drawn.rerender({ answers: { 'applicant.country': 'US' } });
  expect(drawn.result.current).toBe(true);
});
