// Evaluates requests with an implementation of IAM that is not ours. On standard input, one JSON array of
// {role, policy, resourcePolicy, account, action, resource, context}; on standard output an array of {allowed, problem} in the same order.
import { runSimulation } from '@cloud-copilot/iam-simulate'
import { text } from 'node:stream/consumers'

const requests = JSON.parse(await text(process.stdin))
const answers = []
for (const { role, policy, resourcePolicy, account, action, resource, context } of requests) {
  const found = await runSimulation({
    identityPolicies: [{ name: 'role', policy }],
    resourcePolicy,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    request: { action, principal: role, resource: { accountId: account, resource }, contextVariables: context ?? {} },
  }, {})
  answers.push({ allowed: found.overallResult === 'Allowed', problem: found.resultType === 'error' ? JSON.stringify(found.errors) : '' })
}
process.stdout.write(JSON.stringify(answers))
