import type { backtests as en } from '../en/backtests';

export const backtests: Record<keyof typeof en, string> = {
  'backtests.detail': 'Wie ein Entwurf eines Regelwerks in der Vergangenheit entschieden hätte.',
  'backtests.policy': 'Regelwerk',
  'backtests.no_policies': 'Noch keine Regelwerke',
  'backtests.live': 'Backtest der aktiven Version',
  'backtests.live_comment': 'Aktive Version {version}',
  'backtests.runs': 'Läufe',
  'backtests.none': 'Noch keine Backtests',
  'backtests.none_detail':
    'Starten Sie hier einen Backtest der aktiven Version oder mit „ballerine policy backtest entwurf.yaml“ einen Backtest eines Entwurfs. Kleine Backtests liefern ihr Ergebnis sofort und werden nicht aufgeführt.',
  'backtests.newest': 'Die neuesten {count} Läufe',
  'backtests.draft': 'Entwurf',
  'backtests.started': 'Gestartet',
  'backtests.decisions': '{count} Entscheidung|{count} Entscheidungen',
  'backtests.status_running': 'Läuft',
  'backtests.status_done': 'Fertig',
  'backtests.status_failed': 'Fehlgeschlagen',
  'backtests.status_cancelled': 'Abgebrochen',
  'backtests.progress': '{share} abgeschlossen',
  'backtests.no_flips':
    'Die Entscheidung hätte dasselbe Ergebnis.|Alle {count} Entscheidungen hätten dasselbe Ergebnis.',
  'backtests.flips':
    '{count} von {all} Entscheidungen hätte ein anderes Ergebnis ({share}).|{count} von {all} Entscheidungen hätten ein anderes Ergebnis ({share}).',
  'backtests.earlier':
    '{count} davon wurde von einer früheren Revision der Regeln getroffen.|{count} davon wurden von einer früheren Revision der Regeln getroffen.',
  'backtests.earlier_detail':
    'Ein anderes Ergebnis kann auf einer Korrektur statt auf dem Entwurf beruhen. Ein Backtest der aktiven Version zeigt, welche Entscheidungen das betrifft.',
  'backtests.skipped':
    '{count} Entscheidung wurde übersprungen: Ihre Eingaben sind nicht gespeichert.|{count} Entscheidungen wurden übersprungen: Ihre Eingaben sind nicht gespeichert.',
  'backtests.errors':
    '{count} Entscheidung konnte nicht ausgewertet werden ({code}).|{count} Entscheidungen konnten nicht ausgewertet werden ({code}).',
  'backtests.outcomes': 'Ergebnisse',
  'backtests.was': 'Entschieden',
  'backtests.is': 'Jetzt {outcome}',
  'backtests.score': 'Durchschnittlicher Score: damals {was}, mit dem Entwurf {is}',
  'backtests.rules': 'Regeln, die öfter oder seltener auslösen',
  'backtests.rule': 'Regel',
  'backtests.then': 'Damals',
};
