// The change told one story at a time: who moves, from where, to where, and what it is for.
(function () {
  'use strict';
  var map = window.lingwuMap, stories = window.lingwu.stories;
  var tools = window.lingwuTools, find = tools.find, made = tools.made;
  var box = document.getElementById('story');
  stories.forEach(function (s) {
    ['rings', 'parks', 'fresh', 'ended', 'faded', 'between'].forEach(function (what) {
      s[what] = s[what].map(function (line) { return L.GeoJSON.coordsToLatLngs(window.lingwuOpened(line)); });
    });
  });
  var at = -1, peeking = false, shown = [], last = null, drawn = L.layerGroup();
  function line(places, style) {
    style.pane = 'marks';
    style.interactive = false;
    L.polyline(places, style).addTo(drawn);
  }
  function arrow(from, to) {
    var a = map.latLngToLayerPoint(from), b = map.latLngToLayerPoint(to);
    var way = b.subtract(a), length = Math.sqrt(way.x * way.x + way.y * way.y);
    if (length < 12) { return; }
    var unit = way.divideBy(length), side = L.point(-unit.y, unit.x);
    var back = b.subtract(unit.multiplyBy(14));
    function place(point) { return map.layerPointToLatLng(point); }
    L.polyline([from, place(back)], { pane: 'marks', color: '#b71c1c', weight: 4, interactive: false }).addTo(drawn);
    L.polygon([place(b), place(back.add(side.multiplyBy(7))), place(back.subtract(side.multiplyBy(7)))],
      { pane: 'marks', color: '#b71c1c', weight: 1, fillOpacity: 1, interactive: false }).addTo(drawn);
  }
  // The plots of the houses that move: what is counted can be counted on the map.
  function outline(story) {
    var moves = {{ this.values['moves'] or 'null' }};
    if (!moves || !story.left || !story.goal) { return; }
    var plots = [];
    moves.eachLayer(function (group) {
      group.eachLayer(function (plot) {
        var of = plot.feature.properties;
        if (of.grid_id === story.goal.code && of.previous_grid_id === story.left.was) { plots.push(plot.feature); }
      });
    });
    L.geoJSON({ type: 'FeatureCollection', features: plots }, { pane: 'marks', interactive: false,
      style: { color: '#8d4a00', weight: 0.8, fill: false } }).addTo(drawn);
  }
  function draw() {
    drawn.clearLayers();
    if (at < 0) { return; }
    var story = shown[at];
    // The ground below the lines: which border is new is told where it runs.
    L.polygon(story.rings.map(function (ring) { return [ring]; }),
      { pane: 'marks', stroke: false, fillColor: '{{ this.values['moved'] }}', fillOpacity: 0.55, interactive: false }).addTo(drawn);
    L.polygon(story.parks.map(function (ring) { return [ring]; }),
      { pane: 'marks', stroke: false, fillColor: '#ffdcb8', fillOpacity: 0.7, interactive: false }).addTo(drawn);
    outline(story);
    line(story.faded, { color: '#7e57c2', weight: 6, dashArray: '3 7', lineCap: 'butt' });
    line(story.faded, { color: '#424242', weight: 1.5 });
    line(story.ended, { color: '#5d4037', weight: 4, dashArray: '8 6' });
    line(story.between, { color: '#4527a0', weight: 11 });
    line(story.fresh, { color: '#000', weight: 5 });
    if (!peeking) { arrow(story.from, story.to); }  // it ends on ground of the plan
  }

  // The card ------------------------------------------------------------------------------------
  // What a story adds to a grid or takes from it, and what all the others do.
  function parts(side, change) {
    var rest = (side.plan || 0) - side.today - change;
    function signed(n) { return (n > 0 ? '+' : '−') + Math.abs(n); }
    return [change ? '本项 ' + signed(change) + ' 户' : '', rest ? '其他各项 ' + signed(rest) + ' 户' : ''].filter(Boolean).join('，');
  }
  function others(code) {
    return shown.map(function (_, i) { return i; }).filter(function (i) {
      return i !== at && [shown[i].left, shown[i].goal].concat(shown[i].communities).some(function (side) { return side && side.code === code; });
    });
  }
  // What a story does to a grid or community: households that come or go, or none where a grid
  // only changes community.
  function effect(story, code) {
    function is(side) { return side && side.code === code; }
    var comes = is(story.goal) || is(story.communities[1]), goes = is(story.left) || is(story.communities[0]);
    return comes && goes ? '改属' : story.households ? (comes ? '+' : '−') + story.households : '地';
  }
  function told(side, title, change, most, folds) {
    var line = made('div', '', 'side');
    line.appendChild(made(folds ? 'strong' : 'b', title + side.name));
    var low = side.range[0], high = side.range[1] === null ? Math.max(side.today, side.plan || 0, 1) : side.range[1];
    var now = side.plan === null ? '撤销' : side.plan + ' 户';
    line.appendChild(made('span', (side.today ? '现状 ' + side.today + ' 户' : '新设') + ' → ' + now));
    var more = parts(side, change);
    if (more) { line.appendChild(made('span', '（' + more + '）', 'parts')); }
    var also = others(side.code);
    if (also.length) {
      var row = made(folds ? 'details' : 'div', '', 'parts others');
      row.open = also.length <= 3;
      row.appendChild(made(folds ? 'summary' : 'span', folds ? '也涉及它的 ' + also.length + ' 项' : '也涉及它的各项：'));
      also.forEach(function (number) {
        var item = made('button', (number + 1) + '（' + effect(shown[number], side.code) + '）');
        item.type = 'button';
        item.addEventListener('click', function () { go(number); });
        row.appendChild(item);
      });
      line.appendChild(row);
    }
    var marks = [[side.today, 'mark was'], [side.plan, 'mark']].filter(function (mark) { return mark[0]; });
    line.appendChild(tools.bar(low, high, marks, most));
    return line;
  }
  function tell() {
    var story = shown[at], body = find('story-body');
    find('story-at').textContent = (at + 1) + ' / ' + shown.length;
    body.textContent = '';
    body.appendChild(made('h2', story.head));
    var stays = story.left && story.goal.code === story.left.code;
    var most = Math.max.apply(null, [story.left, story.goal].filter(Boolean).map(function (side) { return Math.max(side.today, side.plan || 0); }));
    if (story.left && !stays) { body.appendChild(told(story.left, '从 ', -story.households, most)); }
    body.appendChild(told(stays ? story.left : story.goal, stays ? '' : '到 ', stays ? 0 : story.households, most));
    var facts = [['包括', story.place], ['小区', story.shared], ['原因', story.reason], ['界线', story.border],
      ['社区', story.communities.length ? '' : story.still || '不变'],
      ['老年人', story.elderly ? story.elderly + ' 人' : '']];
    var table = document.createElement('table');
    facts.forEach(function (fact) {
      if (!fact[1]) { return; }
      var row = table.insertRow();
      row.appendChild(made('th', fact[0]));
      // Each reason on a line of its own.
      var cell = row.appendChild(made('td', ''));
      fact[1].split('；').forEach(function (part) { cell.appendChild(made('div', part)); });
    });
    body.appendChild(table);
    var largest = Math.max.apply(null, story.communities.map(function (side) { return Math.max(side.today, side.plan || 0); }));
    story.communities.forEach(function (side, goes) {
      body.appendChild(told(side, goes ? '到 ' : '从 ', goes ? story.households : -story.households, largest, true));
    });
    tools.translate();
  }
  function go(to) {
    if (!shown.length) { return; }
    at = (to + shown.length) % shown.length;
    find('card').hidden = true;  // of what was pressed before
    var story = shown[at], sides = [story.left, story.goal].filter(Boolean);
    var ground = L.latLngBounds(story.from, story.from);
    (story.rings.length ? story.rings : story.parks).forEach(function (ring) { ground.extend(ring); });
    var seen = L.latLngBounds(story.to, story.from).extend(ground);
    story.fresh.forEach(function (line) { seen.extend(line); });
    window.lingwuTold = {
      codes: sides.map(function (side) { return side.code; }).concat(sides.map(function (side) { return side.was; })),
      along: story.along, ground: ground, said: [story.head, story.place, story.border].join(),
      aims: [[story.goal.code, story.to, true, story.from], [story.left && story.left.code, story.back, false]],
      today: [[story.goal.was, story.was_to], [story.left && story.left.was, story.from]],
    };
    find('story').classList.toggle('is-passing', !!story.place);
    if (peeking) { peek(false); }
    tell();
    tools.seen = seen.pad(0.3);
    var before = map.getZoom(), margins = tools.margins();
    map.fitBounds(seen.pad(0.4), { animate: false, maxZoom: 18,
      paddingTopLeft: margins[0], paddingBottomRight: margins[1] });
    if (map.getZoom() === before) { draw(); }  // else the new zoom has drawn it
  }
  function choose() {
    var community = find('story-of').value;
    shown = stories.filter(function (s) { return !community || s.was === community || s.now === community; });
    var sum = shown.reduce(function (n, s) { return n + s.households; }, 0);
    find('story-sum').textContent = shown.length + ' 项，' + sum + ' 户';
    var list = find('story-list');
    list.textContent = '';
    shown.forEach(function (story, i) {
      var item = made('button', (i + 1) + '. ' + story.head + (story.goal && story.left && story.left.code !== story.goal.code ? ' → ' + story.goal.name : ' → ' + story.now));
      item.type = 'button';
      item.addEventListener('click', function () { go(i); });
      list.appendChild(item);
    });
  }
  // Today below the same lines, and back.
  function peek(on) {
    peeking = on;
    find('story-today').setAttribute('aria-pressed', String(on));
    find('story-key-today').hidden = !on;
    find('story-today').textContent = on ? '看方案' : '看现状';
    tools.translate();
    window.lingwuShow(on ? 'before' : 'story');
    draw();
  }
  function open(on, back) {
    box.hidden = !on;
    document.documentElement.classList.toggle('in-story', on);
    find('story-open').setAttribute('aria-pressed', String(on));
    if (!on) {
      peeking = false;
      find('story-today').setAttribute('aria-pressed', 'false');
      find('story-key-today').hidden = true;
      find('story-today').textContent = '看现状';
      last = shown[at] || last;
      at = -1;
      window.lingwuTold = null;
      map.removeLayer(drawn.clearLayers());
      if (back) { window.lingwuShow('after'); }
      return;
    }
    find('card').hidden = true;
    window.lingwuShow('story');
    drawn.addTo(map);
    choose();
    go(Math.max(shown.indexOf(last), 0));  // where one was, to look at today and come back
  }
  var communities = {};
  stories.forEach(function (s) { [s.was, s.now].forEach(function (c) { if (c) { communities[c] = true; } }); });
  Object.keys(communities).sort(function (a, b) { return a.localeCompare(b, 'zh'); }).forEach(function (name) {
    var option = made('option', name);
    option.value = name;
    find('story-of').appendChild(option);
  });
  find('story-of').addEventListener('change', function () { choose(); go(0); });
  find('story-open').addEventListener('click', function () { open(box.hidden, true); });
  find('story-today').addEventListener('click', function () { peek(!peeking); });
  find('story-close').addEventListener('click', function () { open(false, true); });
  find('story-next').addEventListener('click', function () { go(at + 1); });
  find('story-back').addEventListener('click', function () { go(at - 1); });
  find('story-print').addEventListener('click', function () { window.print(); });
  map.on('zoomend', draw);
  document.addEventListener('lingwu:view', function (event) { if (event.detail !== 'story' && !(peeking && event.detail === 'before') && at >= 0) { open(false, false); } });
  document.addEventListener('keydown', function (event) {
    if (box.hidden || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { return; }
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      event.preventDefault();
      event.stopPropagation();
      go(at + (event.key === 'ArrowRight' ? 1 : -1));
    }
    if (event.key === 'Escape') { open(false, true); }
  }, true);  // before the map, which would move
  window.lingwuStory = go;
})();
