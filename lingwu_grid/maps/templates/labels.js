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
  function said(zone) {
    var card = view === 'before' ? lookup.today[zone[1]] : lookup.cards[zone[1]];
    var mark = lookup.marks[view === 'before' ? 'before' : 'after'][zone[1]];
    var count = zone[0] === '网格' && card ? [(mark ? mark + ' ' : '') + card.households + ' 户'] : [];
    // Where the whole name is too wide, the community's name stands beside it.
    return { kind: zone[0], lines: [(mark && zone[0] === '社区' ? mark + ' ' : '') + zone[2]].concat(count), short: [(mark ? mark + ' ' : '') + zone[2].replace(/^.*?(第?\d+网格)$/, '$1')],
      lat: zone[3], lng: zone[4], box: zone[5] };
  }
  function named(kind) {
    return lookup.places.filter(function (p) { return p[1] === kind; }).map(function (p) {
      var box = p[3];
      return { kind: kind, lines: [p[0]], lat: (box[1] + box[3]) / 2, lng: (box[0] + box[2]) / 2, box: box };
    });
  }
  function words() {
    var drawn = zones[view === 'before' ? 'before' : 'after'];
    function of(kind) { return drawn.filter(function (z) { return z[0] === kind; }); }
    var grids = of('网格').slice().sort(function (a, b) { return changed(a[1]) - changed(b[1]); });
    return of('社区').concat(grids).map(said).concat(named('小区'), named('道路'));
  }
  var names = new Labels(map, words);
  document.addEventListener('lingwu:view', function (event) { view = event.detail; names.draw(); });
  names.draw();
})();
