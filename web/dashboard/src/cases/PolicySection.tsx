import { History } from 'lucide-react';
import { useState } from 'react';
import { useFormats } from '@/i18n';
import { useSession } from '@/session';
import { Button, Chip, Section } from '@/ui';
import type { PolicyAnswer } from './checks';
import { ReplayDialog } from './ReplayDialog';
import { Steps } from './RuleSteps';
import { useT } from './texts';
import { wordsOf } from './words';

/** What a policy has answered, rule by rule; those who may read its decisions can have it made again. */
export function PolicySection({ policy, everything }: { policy: PolicyAnswer; everything: boolean }) {
  const t = useT();
  const { number } = useFormats();
  const { can } = useSession();
  const [replaying, setReplaying] = useState(false);
  const mayReplay = can('decisions:read') && policy.decision !== '' && !everything;
  return (
    <Section
      title={t('cases.policy', { policy: wordsOf(policy.policy), version: policy.version })}
      actions={
        mayReplay ? (
          <Button
            size="sm"
            icon={<History className="size-3.5" />}
            aria-label={t('replay.action_of', { policy: wordsOf(policy.policy) })}
            onClick={() => setReplaying(true)}
          >
            {t('replay.action')}
          </Button>
        ) : undefined
      }
    >
      <div className="flex flex-col gap-2">
        <p>
          <Chip tone="neutral">
            {t('cases.policy_outcome', {
              outcome: t.maybe(`decision.${policy.outcome}`, policy.outcome),
              score: number(policy.score),
            })}
          </Chip>
        </p>
        <Steps trace={policy.trace} open={everything} />
      </div>
      {replaying && <ReplayDialog policy={policy} onClose={() => setReplaying(false)} />}
    </Section>
  );
}
