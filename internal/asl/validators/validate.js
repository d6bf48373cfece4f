// Reads one JSON array of {"name", "definition" (text)} from standard input, and writes one of
// {"name", "problems": [text]}: what asl-validator and amazon-states-language-service find.
const validate = require('asl-validator')
const { getLanguageService, TextDocument } = require('amazon-states-language-service')

async function check({ name, definition }) {
  const problems = []
  const { isValid, errors } = validate(JSON.parse(definition), { checkArn: true, checkPaths: true })
  if (!isValid) {
    for (const e of errors) problems.push(`asl-validator: ${e.path ?? ''} ${e.Message ?? e.message ?? JSON.stringify(e)}`)
  }
  const service = getLanguageService({})
  const document = TextDocument.create(`file://${name}.asl.json`, 'asl', 1, definition)
  const parsed = service.parseJSONDocument(document)
  for (const d of await service.doValidation(document, parsed)) {
    problems.push(`amazon-states-language-service: line ${d.range.start.line + 1}: ${d.message}`)
  }
  return { name, problems }
}

async function main() {
  let input = ''
  for await (const chunk of process.stdin) input += chunk
  process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(input).map(check))))
}

main().catch((e) => {
  console.error(e)
  process.exit(1)
})
