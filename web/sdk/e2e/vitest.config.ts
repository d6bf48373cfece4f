import { defineConfig } from 'vitest/config';

// The SDK against the real program: `make test-browser`.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    testTimeout: 300_000, // a hung test ends; how long one takes on a busy machine is of no interest
    hookTimeout: 300_000,
    reporters: ['verbose'],
  },
});
