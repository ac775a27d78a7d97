# A row for each contrast of the registered claims: its interval in units of its margin, and what others published.
load ARG1
load style
# Given: rows, row[] (heights), margin (where 1 lies on the axis, which is bent: small values as they are, large ones by logarithm).
set yrange [0:bottom-top]
unset ytics
set grid noxtics noytics
set border 1
set lmargin at screen sx(left)
set rmargin at screen sx(right)
set tmargin at screen sy(top)
set bmargin at screen sy(bottom)
do for [i=1:rows] { set arrow 100+i from graph 0, first row[i] to graph 1, first row[i] nohead back lc rgb "#e6e6e6" lw 0.5 dt 1 }
set arrow 1 from 0, graph 0 to 0, graph 1 nohead back lc rgb "#000000" lw 0.8 dt 1
do for [s=-1:1:2] { set arrow 3+s from s*margin, graph 0 to s*margin, graph 1 nohead back lc rgb "#777777" lw 0.7 dt 2 }
plot columns index 0 using 2:1:3:4 with xerrorbars lc rgb "#000000" lw 1.4 dt 1 pt 0 notitle, \
     columns index 0 using 2:1:5 with points pt variable lc rgb "#000000" ps 1 notitle, \
     columns index 1 using 2:1 with points pt 8 lc rgb "#AA3377" ps 1.1 lw 1.4 notitle
