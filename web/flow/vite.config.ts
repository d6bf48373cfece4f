/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// The API of `ballerine dev`, for `npm run dev`; the built files are served by it directly.
const api = process.env['BALLERINE_API'] ?? 'http://127.0.0.1:8787';

export default defineConfig({
  base: '/flow/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { alias: { '@ballerine/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)) } },
  build: {
    target: 'es2022',
    // The Go package embeds this folder; its .keep stays, so that it compiles before the first build.
    emptyOutDir: false,
    assetsInlineLimit: 0, // the content security policy allows no inline code
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' }, // of what is bundled
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: { proxy: Object.fromEntries(['/v1', '/ballerine-documents'].map((path) => [path, api])) },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'], testTimeout: 60_000 },
});
