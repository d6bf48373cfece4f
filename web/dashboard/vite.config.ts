/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// The API of `ballerine dev`, for `npm run dev`; the built files are served by it directly.
const api = process.env['BALLERINE_API'] ?? 'http://127.0.0.1:8787';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/**
 * Keeps react-zoom-pan-pinch from writing a <style> element when it is loaded, which the content security policy forbids.
 * Its two rules are in src/documents/zoom.css.
 */
function noInjectedStyles(): Plugin {
  return {
    name: 'no-injected-styles',
    transform(code, id) {
      if (!id.includes('react-zoom-pan-pinch')) return null;
      if (!code.includes('function styleInject('))
        throw new Error('react-zoom-pan-pinch has changed how it injects its styles');
      return { code: code.replace(/function styleInject\([^)]*\) \{/, '$& return;'), map: null };
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwind(), noInjectedStyles()],
  resolve: {
    alias: {
      '@': source('.'),
      // Radix's scroll lock writes <style> elements, which the content security policy forbids.
      'react-remove-scroll': source('ui/scroll-lock.tsx'),
    },
  },
  build: {
    target: 'es2023',
    // The Go package embeds this folder; its .keep stays, so that it compiles before the first build.
    emptyOutDir: false,
    assetsInlineLimit: 0, // the content security policy allows no inline code
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' }, // of what is bundled
    rolldownOptions: { checks: { pluginTimings: false } }, // how long plugins take is of no interest to whoever builds it
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/.well-known', '/oauth', '/sign-in', '/config.json', '/ballerine-documents'].map((path) => [path, api]),
    ),
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 60_000, // a hung test ends; how long one takes on a busy machine is of no interest
    setupFiles: ['src/test-setup.ts'],
  },
});
