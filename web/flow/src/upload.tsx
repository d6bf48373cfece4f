import { type ElementView, type Failure, type FileState, type UploadProgress, uploadName } from '@ballerine/sdk';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useTexts } from './app.tsx';
import { idOf } from './controls.tsx';
import type { Filling } from './element.tsx';
import type { Name, Texts } from './texts.ts';

interface Props {
  element: ElementView;
  filling: Filling;
}

/** A document, all sides of it. */
export function Documents({ element, filling }: Props) {
  const texts = useTexts();
  const { say } = texts;
  const files = element.files ?? [];
  const hint =
    element.hint ?? `${say(element.type === 'selfie' ? 'selfie_tips' : 'tips')} ${formatsOf(element, texts)}`;
  return (
    <fieldset class="document" disabled={element.disabled}>
      <legend>
        {element.title}
        {!element.required && <span class="optional"> ({say('optional')})</span>}
      </legend>
      <p class="hint">{hint}</p>
      {files.map((file) => (
        <Side key={file.side ?? ''} element={element} file={file} only={files.length === 1} filling={filling} />
      ))}
    </fieldset>
  );
}

const formats: Record<string, string> = {
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
  'image/heic': 'HEIC',
  'image/heif': 'HEIC',
  'application/pdf': 'PDF',
};

/** The media types of files that a document can be. */
export const acceptedBy = (element: ElementView) => element.checks?.content_types ?? Object.keys(formats);

/** Never more than there may be. */
const megabytes = (bytes: number, region: string) =>
  new Intl.NumberFormat(region, {
    maximumFractionDigits: bytes < 1048576 ? 2 : 0,
    roundingMode: 'floor',
  } as Intl.NumberFormatOptions).format(bytes / 1048576);

/** Which files are accepted, in words. */
export function formatsOf(element: ElementView, { region, say }: Texts): string {
  const names = [...new Set(acceptedBy(element).map((type) => formats[type] ?? type))];
  const list = new Intl.ListFormat(region, { type: 'disjunction' }).format(names);
  const max = element.checks?.max_size;
  return max ? say('formats_up_to', list, megabytes(max, region)) : say('formats', list);
}

/** The type of a file; a browser that does not know one goes by nothing else than the end of its name. */
export const typeOf = ({ type, name }: { type: string; name: string }) =>
  type || (/[.]hei[cf]$/i.test(name) ? `image/${name.slice(-4).toLowerCase()}` : '');

const touches = typeof matchMedia === 'function' && matchMedia('(pointer: coarse)').matches;

interface SideProps extends Props {
  file: FileState;
  only: boolean;
}

function Side({ element, file, only, filling }: SideProps) {
  const texts = useTexts();
  const { say, fault } = texts;
  const name = uploadName(element.document ?? '', file.side);
  const progress = filling.snapshot.uploads[name];
  const accepted = acceptedBy(element);
  const pictures = accepted.filter((type) => type.startsWith('image/'));
  const id = idOf(`document.${element.document}.${file.side ?? ''}`);
  const [picture, setPicture] = useState('');
  const [unfit, setUnfit] = useState(false);
  const stop = useRef(new AbortController());
  const camera = useRef<HTMLInputElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  useEffect(() => () => URL.revokeObjectURL(picture), [picture]);

  const send = (input: HTMLInputElement) => {
    const content = input.files?.[0];
    input.value = ''; // the same file can be chosen again
    if (!content) return;
    const contentType = typeOf(content);
    const tooLarge = content.size > (element.checks?.max_size ?? Number.POSITIVE_INFINITY);
    const wrong = tooLarge || content.size === 0 || !accepted.includes(contentType);
    setUnfit(wrong);
    if (wrong) return;
    setPicture(content.type.startsWith('image/') ? URL.createObjectURL(content) : '');
    stop.current = new AbortController();
    const side = file.side ? { side: file.side } : {};
    void filling.flow.upload({
      document: element.document ?? '',
      ...side,
      content,
      contentType,
      signal: stop.current.signal,
    });
  };
  const running = progress !== undefined && ['preparing', 'sending', 'checking'].includes(progress.phase);
  const there = !running && file.id !== undefined && !file.fault;
  const broken = progress?.phase === 'failed' && progress.error?.kind !== 'cancelled';
  const refused = `${say('upload_refused')} ${formatsOf(element, texts)}`;
  const failed = unfit ? refused : broken ? uploadFault(progress.error, refused, texts) : '';
  const wrong =
    failed ||
    (file.fault && (filling.tried || file.fault.code === 'revision') ? fault(file.fault.code, file.fault.message) : '');
  const camerable = touches && !there && pictures.length > 0;
  const side = only || !file.side ? '' : `side_${file.side}`;
  const title = side && (side === 'side_front' || side === 'side_back') ? say(side as Name) : (file.side ?? '');
  const button = (which: 'photo' | 'file' | 'replace', input: typeof camera, first: boolean) => (
    <button
      type="button"
      class="secondary"
      id={first ? id : undefined}
      aria-label={[say(which), element.title, only ? '' : title].filter(Boolean).join(', ')}
      aria-describedby={wrong ? `${id}-wrong` : undefined}
      onClick={() => input.current?.click()}
    >
      {say(which)}
    </button>
  );
  return (
    <div class={wrong ? 'side bad' : 'side'}>
      {!only && title && <p class="side-name">{title}</p>}
      {wrong && (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
      {picture && (running || there) && <img src={picture} alt="" />}
      <p class="status" role="status">
        {running ? phase(progress, texts) : there ? <span class="there">✓ {say('uploaded')}</span> : ''}
      </p>
      {running && <progress max={progress.total || 1} value={progress.sent} aria-label={element.title} />}
      <div class="buttons">
        {running ? (
          <button type="button" class="link" onClick={() => stop.current.abort()}>
            {say('cancel')}
          </button>
        ) : (
          <>
            {camerable && button('photo', camera, true)}
            {button(there ? 'replace' : 'file', chooser, !camerable)}
          </>
        )}
      </div>
      <input
        ref={camera}
        type="file"
        accept={pictures.join()}
        capture={element.type === 'selfie' ? 'user' : 'environment'}
        hidden
        data-camera={name}
        onChange={(event) => send(event.currentTarget)}
      />
      <input
        ref={chooser}
        type="file"
        accept={accepted.join()}
        hidden
        data-file={name}
        onChange={(event) => send(event.currentTarget)}
      />
    </div>
  );
}

function phase({ phase, sent, total }: UploadProgress, { say }: Texts): string {
  if (phase === 'sending') return say('sending', total > 0 ? Math.floor((100 * sent) / total) : 0);
  return say(phase === 'checking' ? 'checking' : 'preparing');
}

function uploadFault(error: Failure | undefined, refused: string, { say }: Texts): string {
  if (error?.kind === 'refused') return refused;
  return say(error?.kind === 'offline' ? 'upload_offline' : 'upload_failed');
}
