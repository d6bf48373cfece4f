import { ChartColumn, Table } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import { useFormats, useT } from '@/i18n';
import { cx, Section, Segmented } from '@/ui';
import { below, type Line, pointsOf } from './series';

export type ChartTone = 'accent' | 'neutral' | 'success' | 'danger' | 'warning' | 'info' | 'muted';

export interface Series extends Line {
  label: string;
  /** How it is drawn: columns stand side by side, those of one stack on top of each other; a reach goes from the dot of the day up to its own value. */
  form: 'column' | 'dot' | 'reach';
  stack?: string;
  tone: ChartTone;
}

export interface ChartProps {
  title: string;
  /** The whole range in a sentence: what is shown while no day is chosen. */
  summary: string;
  /** Calendar dates, oldest first. */
  dates: string[];
  series: Series[];
  /** The top of the axis. */
  top: number;
  format: (value: number) => string;
  /** What the table shows; by default the chart's own series. */
  columns?: { key: string; label: string; cell: (n: number) => ReactNode }[];
}

const height = 150;
const margin = { top: 8, right: 4, bottom: 18, left: 40 };

const fills: Record<ChartTone, string> = {
  accent: 'fill-accent',
  neutral: 'fill-line-strong',
  success: 'fill-success',
  danger: 'fill-danger',
  warning: 'fill-warning',
  info: 'fill-info',
  muted: 'fill-muted',
};
const strokes: Record<ChartTone, string> = {
  accent: 'stroke-accent',
  neutral: 'stroke-line-strong',
  success: 'stroke-success',
  danger: 'stroke-danger',
  warning: 'stroke-warning',
  info: 'stroke-info',
  muted: 'stroke-muted',
};

/**
 * A chart over days. One day at a time can be read: by pointer, or by the arrow keys as with a slider. The same numbers are
 * a table on demand, and on paper.
 */
export function Chart(props: ChartProps) {
  const t = useT();
  const [form, setForm] = useState('chart');
  return (
    <Section
      title={props.title}
      actions={
        <Segmented
          label={t('home.form', { title: props.title })}
          value={form}
          onValueChange={setForm}
          options={[
            { value: 'chart', label: <Choice icon={<ChartColumn className="size-3.5" />} text={t('home.as_chart')} /> },
            { value: 'table', label: <Choice icon={<Table className="size-3.5" />} text={t('home.as_table')} /> },
          ]}
        />
      }
    >
      {form === 'chart' ? <Plot {...props} /> : <Numbers {...props} />}
    </Section>
  );
}

function Choice({ icon, text }: { icon: ReactNode; text: string }) {
  return (
    <>
      <span aria-hidden="true">{icon}</span>
      {text}
    </>
  );
}

function Plot({ title, summary, dates, series, top, format }: ChartProps) {
  const t = useT();
  const formats = useFormats();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(480);
  const [at, setAt] = useState<number | null>(null);
  const legend = useId();
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || typeof ResizeObserver !== 'function') return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const count = dates.length;
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const step = inner.width / Math.max(1, count);
  const x = (n: number) => margin.left + (n + 0.5) * step;
  const y = (value: number) => margin.top + inner.height * (1 - Math.min(1, value / top));
  const columns = series.filter((one) => one.form === 'column');
  const places = [...new Set(columns.map((one) => one.stack ?? one.key))];
  const dots = series.filter((one) => one.form === 'dot');
  const reaches = series.filter((one) => one.form === 'reach');
  const bar = Math.max(1.5, Math.min(9, (step * 0.72) / Math.max(1, places.length)));
  const describeDay = (n: number) =>
    [
      formats.date(dates[n] ?? ''),
      ...series.map((one) => {
        const value = one.values[n];
        return `${one.label} ${value === null || value === undefined ? '–' : format(value)}`;
      }),
    ].join(' · ');
  const choose = (n: number) => setAt(Math.max(0, Math.min(count - 1, n)));
  const onKeyDown = (event: KeyboardEvent) => {
    const here = at ?? count - 1;
    const to = {
      ArrowLeft: at === null ? here : here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageUp: here + 7,
      PageDown: here - 7,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (event.key === 'Escape' && at !== null) setAt(null);
    else if (to !== undefined) choose(to);
    else return;
    event.preventDefault();
  };
  const labelled = Math.max(1, Math.round(count / Math.max(2, Math.floor(inner.width / 110))));
  return (
    <div className="flex flex-col gap-2">
      <div id={legend} className="flex min-h-5 flex-wrap items-center gap-x-4 gap-y-1 text-xs text-muted">
        {series.map((one) => (
          <span key={one.key} className="flex items-center gap-1.5">
            <svg aria-hidden="true" className="size-3" viewBox="0 0 12 12">
              {one.form === 'column' && <rect x="1" y="1" width="10" height="10" rx="2" className={fills[one.tone]} />}
              {one.form === 'dot' && <circle cx="6" cy="6" r="3.5" className={fills[one.tone]} />}
              {one.form === 'reach' && (
                <line
                  x1="6"
                  x2="6"
                  y1="1"
                  y2="11"
                  strokeWidth="3"
                  strokeLinecap="round"
                  className={strokes[one.tone]}
                />
              )}
            </svg>
            {one.label}
          </span>
        ))}
        <span className="ml-auto text-ink">{at === null ? summary : describeDay(at)}</span>
      </div>
      <div
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-label={t('home.chart', { title })}
        aria-describedby={legend}
        aria-orientation="horizontal"
        aria-valuemin={1}
        aria-valuemax={count}
        aria-valuenow={(at ?? count - 1) + 1}
        aria-valuetext={at === null ? summary : describeDay(at)}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          choose(Math.floor((event.clientX - box.left - margin.left) / step));
        }}
        onPointerLeave={() => setAt(null)}
        className="rounded-sm"
      >
        <svg aria-hidden="true" viewBox={`0 0 ${width} ${height}`} width="100%" height={height} className="block">
          {[0, 0.5, 1].map((share) => (
            <g key={share}>
              <line
                x1={margin.left}
                x2={width - margin.right}
                y1={y(top * share)}
                y2={y(top * share)}
                className="stroke-line"
                strokeWidth="1"
                shapeRendering="crispEdges"
              />
              <text x={margin.left - 6} y={y(top * share) + 3.5} textAnchor="end" className="fill-faint text-[10px]">
                {format(top * share)}
              </text>
            </g>
          ))}
          {at !== null && (
            <rect x={x(at) - step / 2} y={margin.top} width={step} height={inner.height} className="fill-hover" />
          )}
          {columns.map((one, k) =>
            one.values.map((value, n) =>
              value ? (
                <rect
                  key={`${one.key} ${dates[n]}`}
                  x={x(n) + (places.indexOf(one.stack ?? one.key) - places.length / 2) * bar}
                  y={y(value + below(columns, k, n))}
                  width={Math.max(1, bar - 1)}
                  height={Math.max(1, y(0) - y(value))}
                  rx="1"
                  className={fills[one.tone]}
                />
              ) : null,
            ),
          )}
          {reaches.map((one) =>
            one.values.map((value, n) => {
              const from = dots[0]?.values[n] ?? null;
              return value === null || from === null ? null : (
                <line
                  key={`${one.key} ${dates[n]}`}
                  x1={x(n)}
                  x2={x(n)}
                  y1={y(from)}
                  y2={y(value)}
                  strokeWidth="3"
                  strokeLinecap="round"
                  className={strokes[one.tone]}
                />
              );
            }),
          )}
          {dots.map((one) => {
            const points = pointsOf(one.values);
            return (
              <g key={one.key}>
                <polyline
                  points={points.map(([n, value]) => `${x(n)},${y(value)}`).join(' ')}
                  fill="none"
                  strokeWidth="1"
                  strokeOpacity="0.35"
                  className={strokes[one.tone]}
                />
                {points.map(([n, value]) => (
                  <circle key={n} cx={x(n)} cy={y(value)} r={n === at ? 4 : 3} className={fills[one.tone]} />
                ))}
              </g>
            );
          })}
          {dates.map((date, n) =>
            (count - 1 - n) % labelled === 0 && n > 0 ? (
              <text
                key={date}
                x={n === count - 1 ? width - margin.right : x(n)}
                y={height - 4}
                textAnchor={n === count - 1 ? 'end' : 'middle'}
                className="fill-faint text-[10px]"
              >
                {formats.shortDate(date)}
              </text>
            ) : null,
          )}
        </svg>
      </div>
    </div>
  );
}

function Numbers({ title, dates, series, format, columns }: ChartProps) {
  const t = useT();
  const formats = useFormats();
  const shown =
    columns ??
    series.map((one) => ({
      key: one.key,
      label: one.label,
      cell: (n: number) => {
        const value = one.values[n];
        return value === null || value === undefined ? '–' : format(value);
      },
    }));
  return (
    // The table scrolls: it must be reachable by keyboard.
    <section aria-label={title} tabIndex={0} className="max-h-46 overflow-auto print-flow">
      <table className="w-full text-sm">
        <caption className="sr-text">{title}</caption>
        <thead className="sticky top-0 bg-surface text-left text-xs text-muted">
          <tr>
            <th scope="col" className="py-1 pr-3 font-medium">
              {t('home.day')}
            </th>
            {shown.map((column) => (
              <th key={column.key} scope="col" className="py-1 pl-3 text-right font-medium">
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {dates
            .map((date, n) => (
              <tr key={date} className="border-t">
                <th scope="row" className={cx('py-1 pr-3 text-left font-normal whitespace-nowrap')}>
                  {formats.date(date)}
                </th>
                {shown.map((column) => (
                  <td key={column.key} className="py-1 pl-3 text-right tabular-nums whitespace-nowrap">
                    {column.cell(n)}
                  </td>
                ))}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </section>
  );
}
