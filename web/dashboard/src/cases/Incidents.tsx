import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { PencilLine, RotateCw, SkipForward } from 'lucide-react';
import { useState } from 'react';
import { answer, type Case, client, incidentsQuery, workflowQuery } from '@/api';
import { reasonOf, Time, useT } from '@/i18n';
import { useSession } from '@/session';
import { Button, Section, toast } from '@/ui';
import { effectOf, useEffectText } from '@/undelivered/effects';
import { CorrectAndRetry, Skip } from './IncidentDialogs';
import { useNamesOf } from './names';

/** Work of a case that has failed for good, with its repair for those who may. */
export function Incidents({ one, onChanged }: { one: Case; onChanged: (fresh: Case) => void }) {
  const t = useT();
  const { can } = useSession();
  const effectText = useEffectText();
  const incidents = one.incidents ?? [];
  const names = useNamesOf(
    one,
    incidents.some((incident) => incident.work),
  );
  const repairs = can('cases:operate') && incidents.some((incident) => !incident.effect);
  const open = useQuery({ ...incidentsQuery(one.id), enabled: repairs }).data;
  const workflow = useQuery({ ...workflowQuery(one.workflow.id, one.workflow.version), enabled: repairs }).data;
  const [repair, setRepair] = useState<{ how: 'correct' | 'skip'; incident: string } | null>(null);
  const repaired = repair && open?.find((incident) => incident.id === repair.incident);
  const Repair = repair?.how === 'skip' ? Skip : CorrectAndRetry;
  const known = (error: string) => t.maybe(`incident.${error}`, '');
  const retry = useMutation({
    mutationFn: (incident: string) =>
      answer(client.POST('/v1/cases/{id}/incidents/{incident}/retry', { params: { path: { id: one.id, incident } } })),
    onSuccess: onChanged,
    onError: (error) =>
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      }),
  });
  const sections = incidents.map((incident) => (
    <Section
      key={incident.id}
      level={3}
      title={
        incident.effect
          ? t('cases.incident_effect', { effect: effectText(effectOf(incident.cause).kind) })
          : incident.work
            ? t('cases.incident', { work: names.work(incident.work) })
            : t('cases.incident_state', { state: names.state(incident.state) })
      }
      actions={
        can('cases:operate') ? (
          <>
            <Button
              size="sm"
              icon={<RotateCw className="size-3.5" />}
              loading={retry.isPending && retry.variables === incident.id}
              onClick={() => retry.mutate(incident.id)}
            >
              {t('common.retry')}
            </Button>
            {!incident.effect && open?.some((each) => each.id === incident.id) && (
              <Button
                size="sm"
                icon={<PencilLine className="size-3.5" />}
                onClick={() => setRepair({ how: 'correct', incident: incident.id })}
              >
                {t('incidents.correct')}
              </Button>
            )}
            {incident.work && can('cases:repair') && open?.some((each) => each.id === incident.id) && (
              <Button
                size="sm"
                icon={<SkipForward className="size-3.5" />}
                onClick={() => setRepair({ how: 'skip', incident: incident.id })}
              >
                {t('incidents.skip')}
              </Button>
            )}
          </>
        ) : undefined
      }
    >
      {known(incident.error) && <p className="font-medium text-danger">{known(incident.error)}</p>}
      <p className={known(incident.error) ? 'text-sm text-muted wrap-anywhere' : 'text-danger wrap-anywhere'}>
        {incident.effect ? effectOf(incident.cause).code : incident.cause || incident.error}
      </p>
      <p className="text-sm text-muted">
        {t('cases.incident_detail', { count: incident.attempts })} · <Time value={incident.at} />
        {(open?.find((each) => each.id === incident.id)?.missing ?? []).length > 0 &&
          ` · ${t('incidents.missing', {
            fields:
              open
                ?.find((each) => each.id === incident.id)
                ?.missing.map(names.place)
                .join(', ') ?? '',
          })}`}
        {!can('cases:operate') && ` · ${t('cases.incident_operator')}`}
      </p>
      {incident.effect && can('cases:repair') && (
        <Link to="/undelivered" className="inline-flex min-h-6 items-center text-sm text-accent-ink underline">
          {t('undelivered.open')}
        </Link>
      )}
    </Section>
  ));
  return (
    <>
      {sections}
      {repair && repaired && (
        <Repair
          key={`${repair.how} ${repaired.id}`}
          one={one}
          workflow={workflow}
          incident={repaired}
          onChanged={onChanged}
          onClose={() => setRepair(null)}
        />
      )}
    </>
  );
}
