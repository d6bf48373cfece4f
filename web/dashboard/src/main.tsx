import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { asProblem, pauseBefore, repeatsBusy } from './api';
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
      // A call that exceeded a rate limit is retried at the time that the answer states.
      retry: (count, error) => (asProblem(error).unreachable && count < 2) || repeatsBusy(count, error),
      retryDelay: pauseBefore,
      networkMode: 'always',
    },
    mutations: { retry: repeatsBusy, retryDelay: pauseBefore, networkMode: 'always' },
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
