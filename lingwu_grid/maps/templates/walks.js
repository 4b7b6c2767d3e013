// The walk itself: click a house or look for a compound, and see the way to its station; gaps to go to.
(function () {
  'use strict';
  var map = window.lingwuMap, tools = window.lingwuTools, find = tools.find, made = tools.made;
  var panel = find('panel'), walks = window.lingwu.walks, NEAR_M = 120;
  function inView() { return panel.getAttribute('data-view') === 'service'; }

  // Gaps of the table are places to go to ----------------------------------------------------
  Array.prototype.forEach.call(document.querySelectorAll('[data-gap]'), function (row) {
    function go() {
      var box = JSON.parse(row.getAttribute('data-gap'));
      map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { maxZoom: 17, animate: false, paddingTopLeft: [innerWidth > 700 ? 330 : 10, 10] });
    }
    row.addEventListener('click', go);
    row.addEventListener('keydown', function (event) { if (event.key === 'Enter') { go(); } });
  });
  if (!walks) { return; }

  // Points as they follow each other: every one knows the next on the way --------------------
  var lat = [], lng = [], px = [], py = [];
  walks.from.forEach(function (step, i) {
    px.push(walks.x[i] + (step ? px[i - step] : 0));
    py.push(walks.y[i] + (step ? py[i - step] : 0));
    lng.push((walks.corner[0] + px[i]) / walks.scale);
    lat.push((walks.corner[1] + py[i]) / walks.scale);
  });
  function wayOf(unit) {
    var points = [], i = unit[0];
    for (;;) {
      points.push([lat[i], lng[i]]);
      if (!walks.from[i]) { return points; }
      i -= walks.from[i];
    }
  }
  function nearest(place, within) {
    var best = null, least = within;
    walks.units.forEach(function (unit) {
      var away = map.distance(place, [lat[unit[0]], lng[unit[0]]]);
      if (away < least) { least = away; best = unit; }
    });
    return best;
  }
  var drawn = L.layerGroup();
  function clear() { drawn.clearLayers(); }
  function show(unit) {
    clear();
    drawn.addTo(map);
    var way = wayOf(unit);
    [['#ffffff', 8], ['#0d47a1', 4]].forEach(function (look) {
      L.polyline(way, { pane: 'marks', color: look[0], weight: look[1], interactive: false, className: 'walk' }).addTo(drawn);
    });
    L.circleMarker(way[0], { pane: 'marks', radius: 6, color: '#0d47a1', weight: 3, fillColor: '#ffffff', fillOpacity: 1, interactive: false }).addTo(drawn);
    var body = find('card-body');
    body.textContent = '';
    body.appendChild(made('h2', '步行 ' + unit[1].toFixed(1) + ' 分钟'));
    body.appendChild(made('p', unit[2] + ' 米，到' + walks.stations[unit[3]]));
    var round = walks.round[unit[4]];
    if (round) { body.appendChild(made('p', '绕开：' + round + '；没有它们，至少少走 ' + unit[5] + ' 米')); }
    if (unit[1] > 15) { body.appendChild(made('p', '超过 15 分钟', 'loud')); }
    find('card').hidden = false;
    tools.translate();
  }
  map.on('click', function (event) {
    if (!inView() || tools.isMeasuring()) { return; }
    var unit = nearest(event.latlng, NEAR_M);
    if (unit) { show(unit); } else { clear(); find('card').hidden = true; }
  });
  document.addEventListener('lingwu:goto', function (event) {
    var box = event.detail[3];
    if (!inView() || event.detail[1] !== '小区') { return; }
    var unit = nearest(L.latLng((box[1] + box[3]) / 2, (box[0] + box[2]) / 2), 2000);
    if (unit) { show(unit); }
  });
  document.addEventListener('lingwu:view', clear);
  find('card-close').addEventListener('click', clear);
  window.lingwuWalks = { nearest: nearest, wayOf: wayOf, show: show };
})();
