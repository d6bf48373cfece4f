// Sets the theme before the first paint; src/session/preferences.ts writes the same key.
(() => {
  const saved = localStorage.getItem('ballerine.theme');
  const dark = saved === 'dark' || (saved !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
