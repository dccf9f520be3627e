// Draws one point's samples from the API and follows the live stream. Values that are not to be trusted are a dashed curve of their own.
(() => {
  'use strict';

  const figure = document.getElementById('trend');
  const place = figure.querySelector('.plot');
  const state = figure.querySelector('[data-state]');
  const { address, minutes, zone, unit, name, time, doubtful } = figure.dataset;
  const limits = JSON.parse(figure.dataset.limits);
  const stepped = figure.dataset.step === 'true';
  const spanMs = Number(minutes) * 60000;
  const colours = { ink: '#1c2328', soft: '#505c64', grid: '#d5dadd', warning: '#8a5200', alarm: '#b3201a' };
  let plot = null;
  let fetching = false;
  let again = false;

  const text = (value) => (value === null || value === undefined ? '–' : `${Number(value.toFixed(3))}${unit ? ` ${unit}` : ''}`);

  // A trusted sample goes into the first curve, any other into the second; where the trust changes both hold it, so that the curves meet.
  const columns = (samples) => {
    const times = [];
    const good = [];
    const bad = [];
    let before = null;
    for (const sample of samples) {
      const trusted = sample.quality === 'good';
      times.push(Date.parse(sample.time) / 1000);
      good.push(trusted ? sample.value : null);
      bad.push(trusted && before !== false ? null : sample.value);
      before = trusted;
    }
    return [times, good, bad];
  };

  const drawLimits = (u) => {
    const { ctx } = u;
    const ratio = window.devicePixelRatio || 1;
    ctx.save();
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    ctx.lineWidth = 1.5 * ratio;
    for (const limit of limits) {
      const y = u.valToPos(limit.value, 'y', true);
      if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) continue;
      ctx.strokeStyle = colours[limit.level];
      ctx.beginPath();
      ctx.moveTo(u.bbox.left, y);
      ctx.lineTo(u.bbox.left + u.bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };

  const options = (width) => {
    const paths = stepped ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear();
    const axis = { stroke: colours.soft, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid, width: 1 } };
    const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    return {
      width,
      height: Math.max(260, Math.min(380, Math.round(width * 0.45))),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      legend: { live: true },
      cursor: { drag: { x: true, y: false } },
      scales: { y: { range: (u, low, high) => {
        const lows = limits.map((limit) => limit.value);
        const least = Math.min(low ?? 0, ...lows);
        const most = Math.max(high ?? 1, ...lows);
        const pad = (most - least || 1) * 0.08;
        return [least - pad, most + pad];
      } } },
      axes: [
        { ...axis, space: 70, values: [
          [86400, '{YYYY}-{MM}-{DD}', null, null, null, null, null, null, 1],
          [3600, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
          [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
        ] },
        { ...axis, size: 64, label: unit || undefined, labelSize: unit ? 18 : 0 },
      ],
      series: [
        { label: time, value: (u, seconds) => (seconds === null ? '–' : clock.format(new Date(seconds * 1000))) },
        { label: name, stroke: colours.ink, width: 1.5, paths, points: { show: false }, value: (u, value) => text(value) },
        { label: doubtful, stroke: colours.warning, width: 1.5, dash: [4, 4], paths, points: { show: false }, value: (u, value) => text(value) },
      ],
      hooks: { draw: [drawLimits] },
    };
  };

  const draw = async () => {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const to = Date.now();
      const range = `&from=${encodeURIComponent(new Date(to - spanMs).toISOString())}&to=${encodeURIComponent(new Date(to + 1000).toISOString())}`;
      const answer = await fetch(address + range, { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { items } = await answer.json();
      state.textContent = items.length === 0 ? state.dataset.empty : '';
      state.hidden = items.length > 0;
      const data = columns(items);
      if (plot) {
        plot.setData(data, false);
      } else {
        plot = new uPlot(options(place.clientWidth), data, place);
      }
      plot.setScale('x', { min: (to - spanMs) / 1000, max: to / 1000 });
    } catch {
      state.textContent = state.dataset.failed;
      state.hidden = false;
    } finally {
      fetching = false;
      if (again) {
        again = false;
        setTimeout(draw, 1000);
      }
    }
  };

  new ResizeObserver(() => {
    if (plot && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: plot.height });
  }).observe(place);

  // Long spans move slowly; redrawing them at every sample would only cost.
  const pauseMs = Math.max(1000, spanMs / 900);
  let drawnAt = 0;
  figure.addEventListener('htmx:sseMessage', () => {
    if (Date.now() - drawnAt < pauseMs) return;
    drawnAt = Date.now();
    draw();
  });
  draw();
})();
