// The bound that holds for every lawful plan, worked out once more from the certificate's numbers:
// the same sum as recounting.py does, by other hands.
(function () {
  'use strict';
  var WEIGHTS = 1000, MOST_SHORT = 12;
  function totalOf(units) { return units.reduce(function (n, unit) { return n + unit; }, 0); }
  // The fewest households of whole units that cover an excess.
  function leastToLeave(units, excess) {
    var total = totalOf(units);
    var reached = new Uint8Array(total + 1);
    reached[0] = 1;
    units.forEach(function (unit) {
      for (var sum = total; sum >= unit; sum -= 1) { if (reached[sum - unit]) { reached[sum] = 1; } }
    });
    for (var sum = excess; sum <= total; sum += 1) { if (reached[sum]) { return sum; } }
    return NaN;  // units that are not those of the zone
  }
  function needOf(zone) {
    if (!zone) { return { size: 0, leave: 0, lack: 0 }; }
    var leave = zone.units ? leastToLeave(zone.units, zone.excess) : 0;
    return { size: zone.size, leave: leave, lack: zone.lack || 0 };
  }
  function shortOf(needs) { return needs.filter(function (need) { return need.lack; }); }
  function sumOf(needs, key) { return needs.reduce(function (n, need) { return n + need[key]; }, 0); }
  // Who changes grid, or community: whole units leave, small zones close or get what they lack.
  function ofLevel(needs, level) {
    var zones = Object.keys(needs[level]).map(function (code) { return needOf(needs[level][code]); });
    var short = shortOf(zones), leave = sumOf(zones, 'leave'), lack = sumOf(short, 'lack') - needs.free[level];
    var most = sumOf(short, 'size'), spared = new Array(most + 1).fill(-1), least = Infinity;
    spared[0] = 0;
    short.forEach(function (zone) {
      for (var closed = most; closed >= zone.size; closed -= 1) {
        if (spared[closed - zone.size] >= 0) { spared[closed] = Math.max(spared[closed], spared[closed - zone.size] + zone.lack); }
      }
    });
    spared.forEach(function (without, closed) {
      if (without >= 0) { least = Math.min(least, Math.max(leave + closed, lack - without)); }
    });
    return least;
  }
  // Each community closes, gives away or keeps its small grids, or is dissolved, as is cheapest.
  function ofCommunity(own, grids, weight) {
    var short = shortOf(grids).sort(function (a, b) { return b.lack - a.lack; }).slice(0, MOST_SHORT);
    var out = sumOf(grids, 'leave'), least = own.lack ? weight * own.size : Infinity;
    for (var kept = 0; kept < 1 << short.length; kept += 1) {
      var gone = 0, come = 0;
      short.forEach(function (grid, i) { if (kept >> i & 1) { come += grid.lack; } else { gone += grid.size; } });
      least = Math.min(least, weight * Math.max(own.leave, out + gone) + (WEIGHTS - weight) * Math.max(own.lack, come));
    }
    return least;
  }
  function bound(needs, weight) {
    var total = -(WEIGHTS - weight) * needs.nowhere;
    Object.keys(needs.grids_of).forEach(function (code) {
      var grids = needs.grids_of[code].map(function (grid) { return needOf(needs.grid[grid]); });
      total += ofCommunity(needOf(needs.community[code]), grids, weight);
    });
    return Math.max(ofLevel(needs, 'grid'), ofLevel(needs, 'community'), Math.ceil(total / WEIGHTS));
  }
  // What is said of a zone must fit its range and its units.
  function isSound(code, zone, level, rules) {
    var band = rules.own[level][code] || [rules[level][0] + rules.margin, rules[level][1] - rules.margin];
    if (!zone.units) { return zone.lack > 0 && zone.lack === band[0] - zone.size; }
    return totalOf(zone.units) === zone.size && band[1] !== null && zone.excess > 0 && zone.excess === zone.size - band[1];
  }
  function areSound(needs, rules) {
    return ['grid', 'community'].every(function (level) {
      return Object.keys(needs[level]).every(function (code) { return isSound(code, needs[level][code], level, rules); });
    }) && Object.keys(needs.grids_of).every(function (code) {
      return needs.grids_of[code].every(function (grid) { return needs.grid[grid]; });
    });
  }
  // The sum, NaN where the numbers do not fit each other.
  window.lingwuProved = function (proof) {
    return proof.needs.reduce(function (n, needs, part) {
      return areSound(needs, proof.rules) ? n + bound(needs, proof.weights[part]) : NaN;
    }, 0);
  };
  var proof = window.lingwu.proof, place = document.getElementById('proved');
  var proved = window.lingwuProved(proof), holds = proved === proof.bound;
  place.className = holds ? 'holds' : 'fails';
  place.querySelector('b').textContent = holds ? '✓' : '✗';
  place.querySelector('span').textContent = holds ? '本页按证书重算，成立' : '本页按证书重算，不成立';
  place.querySelector('i').textContent = isNaN(proved) ? '' : proved;
  place.hidden = false;
})();
