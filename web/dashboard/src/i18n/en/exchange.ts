export const exchange = {
  'exchange.title': '{plugin}: request and answer',
  'exchange.detail': 'Shown as stored, without secrets. Viewing it is recorded in the history.',
  'exchange.request': 'Request',
  'exchange.answer': 'Answer',
  'exchange.callback': 'Callback',
  'exchange.none': 'There was no answer.',
  'exchange.headers': '{count} header|{count} headers',
  'exchange.cut': 'Only the beginning is stored.',
  'exchange.left_out': 'A body that is not text ({bytes}). Only its SHA-256 is stored: {digest}',
};
