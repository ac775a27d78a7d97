# Error of a derivative against the step of the differences, one panel for each mean of the data. Oracles without a step
# are lines from end to end; one with a step of its own is a single mark.
# Called with: columns, output, terminal, means, number of difference rules, number of oracles, foot line, style file.
columns = ARG1
terminal_name = ARG3
means = ARG4
panels = words(means)
rules = ARG5 + 0
curves = ARG5 + ARG6
foot = ARG7
call ARG8 ARG2 ARG3 "8" "5"

array single[curves]
do for [i=0:curves-1] {
    stats columns index i using 1 nooutput
    single[i+1] = STATS_records == 1
}
set logscale xy
set format xy "1e%T"
set xrange [1e-12:1e1]
set yrange [3e-18:3e1]
set ytics 1e-16,100
set xtics 1e-10,1e5
unset mxtics
unset mytics
# Blue and red: differences of a given step; purple: a step proportional to |x|; then GSL, the complex step in doubles and
# in 113 bits, the kernel.
set linetype 6 dt 2
types = "2 5 3 7 6 4 1"
type(i) = word(types, i+1) + 0
step(i) = single[i+1] ? 1 : 24
first(i) = single[i+1] ? 0 : 4*(i - rules)
left(p) = 0.105 + p*0.3
set xlabel "step / std"
if (terminal_name eq "dumb") {
    p = panels - 1
    set title sprintf("mean / std = %s", word(means, panels))
    set key tmargin center maxrows 4
    set ylabel "error" rotate by 0
    plot for [i=0:curves-1] columns index (p*curves+i) using 1:2 with linespoints lt type(i) title columnheader(1)
} else {
    set multiplot
    set label 1 foot at screen 0.99,0.02 right noenhanced font ",8" textcolor rgb "#777777"
    set ylabel "largest error / largest derivative" offset 1
    set key at screen 0.5,0.228 center top maxrows 4 width 3
    set bmargin at screen 0.37
    set tmargin at screen 0.94
    do for [p=0:panels-1] {
        set lmargin at screen left(p)
        set rmargin at screen left(p) + 0.28
        set title sprintf("mean / std = %s", word(means, p+1)) offset 0,-0.7
        # A line bears a few marks, each line's at places of its own; the key shows it as if it had one more.
        plot for [i=0:rules-1] columns index (p*curves+i) using 1:2 with linespoints lt type(i) pointinterval 2 \
                 title columnheader(1), \
             for [i=rules:curves-1] columns index (p*curves+i) using 1:(single[i+1] ? NaN : $2) with lines lt type(i) notitle, \
             for [i=rules:curves-1] columns index (p*curves+i) using 1:2 every step(i)::first(i) with points lt type(i) \
                 ps (single[i+1] ? 1.2 : 0.8) title single[i+1] ? columnheader(1) : "", \
             for [i=rules:curves-1] columns index (p*curves+i) using (NaN):(NaN) with linespoints lt type(i) \
                 title single[i+1] ? "" : columnheader(1)
        unset key
        unset ylabel
        unset label 1
        set format y ""
    }
    unset multiplot
}
