import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { asProblem } from './api';
import { LocaleProvider, useT } from './i18n';
import { makeRouter } from './router';
import { reportSignedOut } from './session/connection';
import { Toaster, TooltipProvider } from './ui';
import './tokens.css';

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => asProblem(error).signedOut && reportSignedOut() }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What is unreachable is asked for again when the server answers (see ConnectionBanner); the rest is an answer.
      retry: (count, error) => asProblem(error).unreachable && count < 2,
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});
const router = makeRouter(queries);

function App() {
  const t = useT();
  return (
    <TooltipProvider>
      <RouterProvider router={router} />
      <Toaster label={t('common.messages')} closeLabel={t('common.close')} />
    </TooltipProvider>
  );
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <LocaleProvider>
          <App />
        </LocaleProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
