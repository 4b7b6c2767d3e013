// Names of communities, grids, compounds and streets: what matters most first.
(function () {
  'use strict';
{{ this.values['labels'] }}
  var map = window.lingwuMap, lookup = window.lingwu.lookup, zones = window.lingwu.labels;
  var view = 'after';
  function changed(code) {
    var card = lookup.cards[code];
    return card && card.changes ? 0 : 1;
  }
  function said(zone, when) {
    var card = when === 'before' ? lookup.today[zone[1]] : lookup.cards[zone[1]];
    var mark = lookup.marks[when][zone[1]], before = mark ? mark + ' ' : '';
    var count = zone[0] === '网格' && card ? [before + card.households + ' 户'] : [];
    // Where the whole name is too wide, the community's name stands beside it; a mark always stands.
    return { kind: zone[0], lines: [(zone[0] === '社区' ? before : '') + zone[2]].concat(count),
      short: [before + zone[2].replace(/^.*?(第?\d+网格)$/, '$1')], mark: mark && [mark],
      lat: zone[3], lng: zone[4], box: zone[5] };
  }
  function named(kind) {
    return lookup.places.filter(function (p) { return p[1] === kind; }).map(function (p) {
      var box = p[3];
      return { kind: kind, lines: [p[0]], lat: (box[1] + box[3]) / 2, lng: (box[0] + box[2]) / 2, box: box };
    });
  }
  function line(l) { return { kind: l[0], lines: [l[1]], lat: l[2], lng: l[3], slope: l[4] }; }
  function along(kind) { return zones.lines.filter(function (l) { return l[0] === kind; }).map(line); }
  // Zones of a view; of a comparison those of today left of the bar, those of the plan right of it.
  function drawn() {
    if (view !== 'swipe') { var only = view === 'before' ? 'before' : 'after'; return zones[only].map(function (z) { return [z, only]; }); }
    var bar = document.getElementById('swipe-bar').getBoundingClientRect().left - map.getContainer().getBoundingClientRect().left;
    return ['before', 'after'].reduce(function (all, when) {
      return all.concat(zones[when].filter(function (z) {
        return (map.latLngToContainerPoint([z[3], z[4]]).x < bar) === (when === 'before');
      }).map(function (z) { return [z, when]; }));
    }, []);
  }
  // A name stands beyond the head of the arrow that leads to it; it is wider than it is high.
  function beyond(from, to) {
    var a = map.latLngToLayerPoint(from), b = map.latLngToLayerPoint(to);
    var way = b.subtract(a), length = Math.max(Math.sqrt(way.x * way.x + way.y * way.y), 1);
    var step = Math.min(64 * length / Math.max(Math.abs(way.x), 1), 24 * length / Math.max(Math.abs(way.y), 1));
    return map.layerPointToLatLng(length < 12 ? b : b.add(way.multiplyBy(step / length)));
  }
  function isInSight(word) {
    var at = map.latLngToContainerPoint([word.lat, word.lng]), size = map.getSize();
    var margins = window.lingwuTools.margins();
    return at.x > margins[0][0] && at.y > margins[0][1] && at.x < size.x - margins[1][0] && at.y < size.y - margins[1][1];
  }
  function words() {
    var there = drawn();
    function of(kind) { return there.filter(function (z) { return z[0][0] === kind; }); }
    function rank(z) { return (lookup.marks[z[1]][z[0][1]] ? 0 : 2) + changed(z[0][1]); }
    var grids = of('网格').sort(function (a, b) { return rank(a) - rank(b); });
    // The grids of the story on show are named before all, and what its border runs along.
    var told = window.lingwuTold || { codes: [], along: [] };
    function isTold(z) { return told.codes.indexOf(z[0][1]) >= 0; }
    var first = grids.filter(isTold), rest = grids.filter(function (z) { return !isTold(z); });
    function zone(z) { return said(z[0], z[1]); }
    // However narrow; where it goes at the head of the arrow, where it comes from where that is seen.
    function always(z) {
      var word = zone(z);
      word.box = undefined;
      word.told = true;
      word.must = true;
      (view === 'before' ? told.today || [] : told.aims || []).forEach(function (aim) {
        if (aim[0] === z[0][1] && aim[1] && (aim[2] || !isInSight(word))) {
          var place = aim[3] ? beyond(aim[3], aim[1]) : L.latLng(aim[1]);
          word.lat = place.lat;
          word.lng = place.lng;
        }
      });
      return word;
    }
    // Then the compounds that the story names.
    function isNamed(word) { return told.said && told.said.indexOf(word.lines[0]) >= 0; }
    var compounds = named('小区');
    compounds.forEach(function (word) { word.must = word.told = isNamed(word); });
    var lines = told.along.map(line);
    lines.forEach(function (word) { word.told = true; word.beside = told.ground && told.ground.getCenter(); });
    first = first.map(always).concat(compounds.filter(isNamed));
    return first.concat(lines, of('社区').concat(rest).map(zone)).concat(along('水系、铁路'), compounds.filter(function (word) { return !isNamed(word); }), along('道路'));
  }
  var names = new Labels(map, words, function () { return window.lingwuTold && window.lingwuTold.ground; });
  document.addEventListener('lingwu:wipe', function () { names.draw(); });
  document.addEventListener('lingwu:view', function (event) { view = event.detail; names.draw(); });
  names.draw();
})();
