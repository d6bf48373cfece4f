export const exchange = {
  'exchange.title': 'What {plugin} was sent and answered',
  'exchange.detail': 'Without secrets, as it is kept. That you looked at it is recorded in the history.',
  'exchange.request': 'Request',
  'exchange.answer': 'Answer',
  'exchange.callback': 'Callback',
  'exchange.none': 'There was no answer.',
  'exchange.headers': '{count} header|{count} headers',
  'exchange.cut': 'Only the beginning is kept.',
  'exchange.left_out': 'A body that is not text ({bytes}). Only its SHA-256 is kept: {digest}',
};
