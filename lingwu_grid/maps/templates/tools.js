// Search, cards, measuring, comparing, full screen, print and English; for every folium page.
(function () {
  'use strict';
  var map = window.lingwuMap;
  var lookup = window.lingwu.lookup;
  function box(corners) { return [].concat.apply([], window.lingwuOpened(corners)); }  // west, south, east, north
  lookup.places.forEach(function (p) { p[3] = box(p[3]); });
  ['after', 'before'].forEach(function (when) { window.lingwu.labels[when].forEach(function (z) { z[5] = box(z[5]); }); });
  function find(id) { return document.getElementById(id); }
  function made(tag, text, kind) {
    var element = document.createElement(tag);
    element.textContent = text;
    if (kind) { element.className = kind; }
    return element;
  }

  // A phone: the panel lies below, so the town goes above it.
  if (innerWidth <= 700) {
    var seen = window.lingwu.bounds;
    map.fitBounds([[seen[1], seen[0]], [seen[3], seen[2]]], { paddingTopLeft: [10, 10], paddingBottomRight: [10, innerHeight * 0.4], animate: false });
  }

  // Cards ---------------------------------------------------------------------------------
  // A mark is a count and the kind of its element; bars that are compared have one scale.
  function bar(low, high, marks, longest) {
    var most = Math.max.apply(null, marks.map(function (m) { return m[0] * 1.05; }).concat(high * 1.4, (longest || 0) * 1.05));
    var box = made('div', '', 'range');
    var fit = made('span', '', 'fit');
    fit.style.left = (100 * low) / most + '%';
    fit.style.width = (100 * (high - low)) / most + '%';
    box.appendChild(fit);
    marks.forEach(function (m) {
      var mark = made('span', '', m[1]);
      mark.style.left = (100 * m[0]) / most + '%';
      box.appendChild(mark);
    });
    [low, high].forEach(function (limit) {
      if (!limit) { return; }
      var figure = made('span', String(limit), 'limit');
      figure.style.left = (100 * limit) / most + '%';
      box.appendChild(figure);
    });
    return box;
  }
  function showCard(code, kind) {
    var card = (lookup[kind || 'cards'] || {})[code];
    if (!card) { find('card').hidden = true; return; }
    var body = find('card-body');
    body.textContent = '';
    body.appendChild(made('h2', card.name));
    if (card.said) { body.appendChild(made('p', card.said)); }
    var rows = card.rows;
    if (kind !== 'compounds') {
      var range = lookup.range;
      rows = [['编码', code]].concat(rows);
      body.appendChild(made('p', card.households + ' 户（' + range[0] + '—' + range[1] + '）'));
      var count = parseInt(card.households, 10) || 0;  // a shared map tells "480—489", "少于 10"
      body.appendChild(bar(range[0], range[1], [[count, 'mark']]));
    }
    var table = document.createElement('table');
    rows.forEach(function (row) {
      if (!row[1]) { return; }
      var line = table.insertRow();
      line.appendChild(made('th', row[0]));
      line.appendChild(made('td', row[1]));
    });
    body.appendChild(table);
    find('card').hidden = false;
    translate();
  }
  function textOf(escaped) {
    return new DOMParser().parseFromString(escaped, 'text/html').documentElement.textContent;
  }
  find('card-close').addEventListener('click', function () { find('card').hidden = true; });
  map.on('layeradd', function (event) { listen(event.layer); });
  function listen(layer) {
    if (layer.feature && layer.feature.properties.grid_name !== undefined && !layer.lingwuCard) {
      layer.lingwuCard = true;
      layer.on('click', function () {
        // A layer of today tells of today.
        var kind = layer.options.pane === 'now' ? 'today' : 'cards';
        if (!measuring) { showCard(textOf(layer.feature.properties.grid_id), kind); }
      });
    }
  }
  map.eachLayer(listen);

  // Search --------------------------------------------------------------------------------
  var SHOWN = 10;
  var frame = null;
  // The plan's zones are among the labels: kind, code, name, place of the name, bounds.
  var zones = window.lingwu.labels.after.map(function (z) { return [z[2], z[0], z[1], z[5]]; });
  var places = zones.concat(lookup.places);
  function goTo(place) {
    var box = place[3];
    var bounds = [[box[1], box[0]], [box[3], box[2]]];
    if (frame) { map.removeLayer(frame); }
    frame = L.rectangle(L.latLngBounds(bounds).pad(0.05), { color: '#d50000', weight: 3, fill: false, interactive: false }).addTo(map);
    map.fitBounds(bounds, { maxZoom: 17, paddingTopLeft: [innerWidth > 700 ? 330 : 10, 10] });
    if (place[1] === '原网格') { showCard(place[2], 'today'); }
    if (place[1] === '网格' || place[1] === '小区') { showCard(place[2], place[1] === '小区' ? 'compounds' : 'cards'); }
    find('found').textContent = '';  // the figures below come back into view
    document.dispatchEvent(new CustomEvent('lingwu:goto', { detail: place }));
  }
  find('search').addEventListener('input', function () {
    var word = find('search').value.trim();
    var list = find('found');
    list.textContent = '';
    if (!word) { if (frame) { map.removeLayer(frame); frame = null; } return; }
    var hits = places.filter(function (p) { return p[0].indexOf(word) >= 0 || p[2].indexOf(word) >= 0; });
    hits.slice(0, SHOWN).forEach(function (place) {
      var button = made('button', place[0] + '（' + place[1] + (place[2] ? ' ' + place[2] : '') + '）');
      button.type = 'button';
      button.addEventListener('click', function () { goTo(place); });
      list.appendChild(button);
    });
    if (!hits.length) { list.appendChild(made('p', '没有找到')); }
    if (hits.length > SHOWN) { list.appendChild(made('p', '还有 ' + (hits.length - SHOWN) + ' 处，请多输几个字')); }
  });
  find('search').addEventListener('keydown', function (event) {
    var first = find('found').querySelector('button');
    if (event.key === 'Enter' && first) { first.click(); }
  });

  // Measuring -----------------------------------------------------------------------------
  var measuring = null;
  function measure(on) {
    if (measuring) { map.removeLayer(measuring.line); measuring.marks.forEach(function (m) { map.removeLayer(m); }); }
    measuring = on ? { points: [], marks: [], line: L.polyline([], { color: '#d50000', weight: 3, interactive: false }).addTo(map) } : null;
    find('tool-measure').setAttribute('aria-pressed', String(on));
    map.getContainer().style.cursor = on ? 'crosshair' : '';
  }
  find('tool-measure').addEventListener('click', function () { measure(!measuring); });
  map.on('click', function (event) {
    if (!measuring) { return; }
    var before = measuring.points[measuring.points.length - 1];
    measuring.points.push(event.latlng);
    measuring.total = (measuring.total || 0) + (before ? map.distance(before, event.latlng) : 0);
    measuring.line.addLatLng(event.latlng);
    measuring.marks.push(L.circleMarker(event.latlng, { radius: 4, color: '#d50000', interactive: false })
      .bindTooltip(before ? Math.round(measuring.total) + ' 米' : '起点', { permanent: true, direction: 'right', className: 'metres' }).addTo(map));
  });
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape') { measure(false); find('card').hidden = true; }
  });

  // Comparing: today left of the bar, the plan right of it ------------------------------------
  function clip() {
    var on = !find('swipe').hidden;
    // The bar stays where it can be taken: beside the panel, not under it.
    var least = innerWidth > 700 ? (find('panel').getBoundingClientRect().right + 24) / innerWidth : 0;
    var at = Math.max(Number(find('swipe-at').value) / 100, least);
    var size = map.getSize();
    var first = map.containerPointToLayerPoint([0, 0]);
    var last = map.containerPointToLayerPoint(size);
    var cut = first.x + size.x * at;
    map.getPane('now').style.clip = on ? 'rect(' + first.y + 'px,' + cut + 'px,' + last.y + 'px,' + first.x + 'px)' : '';
    map.getPane('overlayPane').style.clip = on ? 'rect(' + first.y + 'px,' + last.x + 'px,' + last.y + 'px,' + cut + 'px)' : '';
    find('swipe').querySelector('.bar').style.left = 100 * at + '%';
    find('swipe-at').min = Math.ceil(100 * least);
  }
  function wipe() {
    clip();
    document.dispatchEvent(new CustomEvent('lingwu:wipe'));
  }
  map.on('move zoomend resize', clip);
  find('swipe-at').addEventListener('input', wipe);
  var wiper = find('swipe-bar');
  wiper.addEventListener('pointerdown', function (event) {
    wiper.setPointerCapture(event.pointerId);
    find('swipe-at').focus();
    event.preventDefault();
  });
  wiper.addEventListener('pointermove', function (event) {
    if (!wiper.hasPointerCapture(event.pointerId)) { return; }
    find('swipe-at').value = 100 * event.clientX / innerWidth;
    wipe();
  });
  // What moves is seen on both sides of the bar.
  var moves = L.layerGroup();
  {% if this.values.get('moves') %}
  {{ this.values['moves'] }}.eachLayer(function (drawn) {
    drawn.eachLayer(function (area) {
      L.polygon(area.getLatLngs(), { pane: 'marks', color: '#e65100', weight: 2, fillColor: '{{ this.values['moved'] }}', fillOpacity: 0.2, interactive: false }).addTo(moves);
    });
  });
  {% endif %}
  document.addEventListener('lingwu:view', function (event) {
    find('swipe').hidden = event.detail !== 'swipe';
    map[event.detail === 'swipe' ? 'addLayer' : 'removeLayer'](moves);
    // A canvas that shows nothing would still take the pointer from the one below.
    map.getPane('now').style.display = event.detail === 'swipe' || event.detail === 'before' ? '' : 'none';
    find('card').hidden = true;
    document.documentElement.classList.toggle('in-swipe', event.detail === 'swipe');
    // The bar begins in the middle of what is seen of the map.
    var covered = innerWidth > 700 ? find('panel').getBoundingClientRect().right : 0;
    if (event.detail === 'swipe') { find('swipe-at').value = 50 * (covered + innerWidth) / innerWidth; }
    clip();
    setTimeout(translate, 0);
  });

{{ this.values['fold'] }}
  folding(map);

  // Full screen, print ---------------------------------------------------------------------
  find('tool-full').addEventListener('click', function () {
    if (document.fullscreenElement) { document.exitFullscreen(); } else { document.documentElement.requestFullscreen(); }
  });
  find('tool-print').addEventListener('click', function () { window.print(); });
  // A sheet has another shape than a screen: what is in view stays in view, whole, beside the panel.
  var onScreen = null, snap = map.options.zoomSnap;
  addEventListener('beforeprint', function () {
    onScreen = onScreen || map.getBounds();
    document.documentElement.classList.add('on-paper');
    map.invalidateSize({ animate: false, pan: false });
    map.options.zoomSnap = 0.05;  // as large as the sheet allows
    var b = window.lingwu.bounds, town = b && L.latLngBounds([b[1], b[0]], [b[3], b[2]]);
    var seen = town && onScreen.contains(town) ? town : onScreen;
    var story = window.lingwuTools.seen, isStory = document.documentElement.classList.contains('in-story');
    var left = document.documentElement.matches('.in-swipe, .in-story') ? 20 : 350;
    map.fitBounds(isStory && story ? story : seen, { animate: false, paddingTopLeft: [left, left === 20 ? 60 : 20], paddingBottomRight: [isStory ? 360 : 10, 30] });
  });
  addEventListener('afterprint', function () {
    document.documentElement.classList.remove('on-paper');
    map.options.zoomSnap = snap;
    map.invalidateSize({ animate: false, pan: false });
    if (onScreen) { map.fitBounds(onScreen, { animate: false }); onScreen = null; }
  });

  // Other languages: words that stand alone are exchanged; names of places stay as they are --------
  var WORDS = {{ this.values.get('words', '{}') }};
  var LANGUAGES = ['zh'].concat(Object.keys(WORDS));
  var language = 'zh';
  function worded(text) {
    return said(language, text);
  }
  // A sentence with numbers or names in it is known by what stands round them: "{} 户", "从 〈〉".
  var NUMBER = '[0-9a-f]{12}|\\d[\\d.,:%—-]*\\d%?|\\d%?', HOLE = /\{\}|〈〉/g;
  function sentences(words) {
    return Object.keys(words).filter(function (key) { return /\{\}|〈〉/.test(key); }).map(function (key) {
      var form = key.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\}/g, '(' + NUMBER + ')').replace(/〈〉/g, '(.+?)');
      return { form: new RegExp('^' + form + '$'), holes: key.match(HOLE), words: words[key] };
    });
  }
  var SENTENCES = {};
  Object.keys(WORDS).forEach(function (l) { SENTENCES[l] = sentences(WORDS[l]); });
  function said(of, text) {
    if (!WORDS[of]) { return null; }
    if (Object.prototype.hasOwnProperty.call(WORDS[of], text)) { return WORDS[of][text]; }
    for (var i = 0; i < SENTENCES[of].length; i += 1) {
      var sentence = SENTENCES[of][i], found = text.match(sentence.form);
      if (found) { return filled(of, sentence, found.slice(1)); }
    }
    return null;
  }
  // What stands in the holes, each kind in its order; a name may be a phrase of its own.
  function filled(of, sentence, found) {
    var parts = { '{}': [], '〈〉': [] };
    found.forEach(function (part, i) {
      var names = part.split('、').map(function (name) { return said(of, name) || name; }).join(', ');
      parts[sentence.holes[i]].push(sentence.holes[i] === '{}' ? part : said(of, part) || names);
    });
    return sentence.words.replace(HOLE, function (hole) { return parts[hole].shift(); });
  }
  function isKnown(text) {
    return LANGUAGES.some(function (l) { return said(l, text) !== null; });
  }
  var isTurned = false;  // until a language is chosen, every word stands as it was written
  function translate() {
    if (!isTurned) { return; }
    var walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (var node = walker.nextNode(); node; node = walker.nextNode()) {
      var word = (node.lingwuWord || node.nodeValue).trim();
      if (!isKnown(word) || /^(SCRIPT|STYLE)$/.test(node.parentNode.nodeName)) { continue; }
      node.lingwuWord = node.lingwuWord || node.nodeValue;
      node.nodeValue = worded(word) === null ? node.lingwuWord : ' ' + worded(word);
    }
    document.querySelectorAll('.panel [title]').forEach(function (part) {
      part.lingwuTitle = part.lingwuTitle || part.title;
      part.title = worded(part.lingwuTitle) || part.lingwuTitle;
    });
  }
  function nameNext() {
    var next = LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length];
    find('tool-language').textContent = next === 'zh' ? '中文' : WORDS[next]._language;
    find('tool-language').lang = next;
    return next;
  }
  var placeholder = find('search').placeholder;
  find('tool-language').addEventListener('click', function () {
    language = nameNext();
    isTurned = true;
    nameNext();
    find('search').placeholder = worded(placeholder) || placeholder;
    document.documentElement.lang = language;
    translate();
  });
  nameNext();
  // Pixels at the left and top, and at the right and bottom, that panels and cards stand on.
  function margins() {
    var wide = innerWidth > 700;
    return [[wide ? 330 : 10, 10], [wide ? 360 : 10, wide ? 10 : innerHeight * 0.5]];
  }
  window.lingwuTools = { margins: margins, find: find, made: made, bar: bar, translate: translate, isMeasuring: function () { return measuring !== null; } };
})();
