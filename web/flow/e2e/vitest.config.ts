import { defineConfig } from 'vitest/config';

// The applicants' pages in a real browser against the real program: `make test-browser`.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false, // each file has a server and a browser of its own; two cores are not enough for two
    testTimeout: 600_000,
    hookTimeout: 300_000,
    reporters: ['verbose'],
  },
});
