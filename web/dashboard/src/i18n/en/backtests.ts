export const backtests = {
  'backtests.detail': 'How a draft of a policy would have decided in the past.',
  'backtests.policy': 'Policy',
  'backtests.no_policies': 'No policies yet',
  'backtests.live': 'Backtest live version',
  'backtests.live_comment': 'Live version {version}',
  'backtests.runs': 'Runs',
  'backtests.none': 'No backtests yet',
  'backtests.none_detail':
    'Start a backtest of the live version here, or of a draft with “ballerine policy backtest draft.yaml”. Small backtests return their result directly and are not listed.',
  'backtests.newest': 'The newest {count} runs',
  'backtests.draft': 'Draft',
  'backtests.started': 'Started',
  'backtests.decisions': '{count} decision|{count} decisions',
  'backtests.status_running': 'Running',
  'backtests.status_done': 'Done',
  'backtests.status_failed': 'Failed',
  'backtests.status_cancelled': 'Cancelled',
  'backtests.progress': '{share} completed',
  'backtests.no_flips': 'The decision would have the same outcome.|All {count} decisions would have the same outcome.',
  'backtests.flips':
    '{count} of {all} decisions would have a different outcome ({share}).|{count} of {all} decisions would have a different outcome ({share}).',
  'backtests.earlier':
    '{count} of them was made by an earlier revision of the rules.|{count} of them were made by an earlier revision of the rules.',
  'backtests.earlier_detail':
    'A different outcome may be due to a correction rather than the draft. A backtest of the live version shows which.',
  'backtests.skipped':
    '{count} decision was skipped: its input is not stored.|{count} decisions were skipped: their input is not stored.',
  'backtests.errors':
    '{count} decision could not be evaluated ({code}).|{count} decisions could not be evaluated ({code}).',
  'backtests.outcomes': 'Outcomes',
  'backtests.was': 'Decided',
  'backtests.is': 'Now {outcome}',
  'backtests.score': 'Average score: {was} then, {is} with the draft',
  'backtests.rules': 'Rules that trigger more or less often',
  'backtests.rule': 'Rule',
  'backtests.then': 'Then',
} as const;
