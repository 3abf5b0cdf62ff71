BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE checkpoint (
	run_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	step INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	bytes BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (run_id, kind), 
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "checkpoint" VALUES('b98f110378','best',1,1,'d907b1e098835fae3adac924c63300d11b0a66df396c22b0547f4beb12598437',7476,'2026-11-26 01:51:52.846236');
INSERT INTO "checkpoint" VALUES('209e0a7280','best',1,1,'7b770f14a3e443bf63858ba95ab2e11a3257fe21da8ff3ba411826cddea06eec',7600,'2026-11-26 01:52:14.790250');
INSERT INTO "checkpoint" VALUES('a55e032689','best',1,1,'b27c356eff86ce8c308a1d06cc6bfdd4ad9df1bae4772c2e44401bcbfb5e6d7b',6272,'2026-11-26 01:52:35.086250');
INSERT INTO "checkpoint" VALUES('b7f1dc3b9f','best',2,1,'ac1d888dd315e59c5c6a5c88fa9dcfa36f7f0f826252302690da11b2f4feff73',12580,'2026-11-26 01:53:07.054250');
INSERT INTO "checkpoint" VALUES('cdaad619df','best',1,1,'ab1561d3a4b342434d73dbc5e47324aab578368ed1276fb929f81f2d7d782a3f',14560,'2026-11-26 01:53:34.210442');
INSERT INTO "checkpoint" VALUES('95bca863f8','best',1,1,'878842f6fc24a287b43b42c4a3b908ef964fdec3b3259c3233c8eef6d069510c',14560,'2026-11-26 01:53:51.518550');
INSERT INTO "checkpoint" VALUES('a4ff3c1363','best',1,1,'e274a811789da5edd6df354d8526ada340c06cf035e3c06ad13089d894dbcbdc',14444,'2026-11-26 01:54:15.950198');
INSERT INTO "checkpoint" VALUES('17b94dfd90','best',1,1,'0f22ed2591e5438ff0e1be47c0340ce3de5f5e43bb260aa2aafb0c51ed1614d0',7452,'2026-11-26 01:54:43.592548');
INSERT INTO "checkpoint" VALUES('51bac02ecc','best',1,1,'54336724c131573558bc8ce79cef960905f977a112ffaf539f971398030f8d89',8200,'2026-11-26 01:55:07.374394');
INSERT INTO "checkpoint" VALUES('3c889f0d15','best',1,1,'bab8c514e7f11185fa7e74e24a6f6a1b5d8e9b47412b48e5ab4e065f3939cef9',7184,'2026-11-26 01:55:31.110213');
INSERT INTO "checkpoint" VALUES('a1fc556e6c','best',1,1,'58ec67fdecf82e3dd5d36c8df3599cbc6d14ab1a105d00868e48e17866704d28',8200,'2026-11-26 01:56:00.282461');
INSERT INTO "checkpoint" VALUES('2b09d7b429','best',1,1,'7d0988e244b59d2f554c5286eae8a82ee760454358b00aa423c17c8fb0ccdd6f',7584,'2026-11-26 01:56:21.386271');
INSERT INTO "checkpoint" VALUES('0468147d19','best',1,1,'480e8fbb1e39c2c4037234705f5b65c741afb7a00900081dedd031a9c05f77f8',6992,'2026-11-26 01:56:43.818499');
INSERT INTO "checkpoint" VALUES('ed96e1412a','best',2,1,'beaf19771fe7bbcf174c484434207db29dcfa1ac553a4f307d8eafbf80ebf559',2222160,'2026-11-26 01:57:09.340260');
INSERT INTO "checkpoint" VALUES('41609729ce','best',2,2,'5b70d9828585ff7d38866a03e0c9c8e2f8bb85cc7d7e9093cfe2a351dee35e2c',10216,'2026-11-26 02:47:49.034218');
INSERT INTO "checkpoint" VALUES('810cdcd314','best',1,1,'d408ad138cb22b4b1f7fc1488b4d8065cf43e07cdb185a72fcba0bc7554c94be',14528,'2026-11-26 02:48:17.782009');
INSERT INTO "checkpoint" VALUES('43782ebc06','best',1,1,'52def0fc925b3e8280966f8a16589166c65c80db28c851919d96ce552ff28042',14528,'2026-11-26 02:48:32.066224');
INSERT INTO "checkpoint" VALUES('5ac4b76f5b','best',2,1,'e196ba2b312b9ee53de18fbbe25c57d8aa7524028a874995a162f9a30d0e370f',12696,'2026-11-26 02:48:50.694048');
CREATE TABLE clock (
	id INTEGER NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "clock" VALUES(1,165);
CREATE TABLE event (
	id INTEGER NOT NULL, 
	run_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	attempt INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "event" VALUES(1,'b98f110378','2026-11-26 01:51:31.487181',0,'queued');
INSERT INTO "event" VALUES(2,'209e0a7280','2026-11-26 01:51:31.505891',0,'queued');
INSERT INTO "event" VALUES(3,'a55e032689','2026-11-26 01:51:31.510709',0,'queued');
INSERT INTO "event" VALUES(4,'b98f110378','2026-11-26 01:51:34.737949',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(5,'b98f110378','2026-11-26 01:51:37.431244',1,'running');
INSERT INTO "event" VALUES(6,'b98f110378','2026-11-26 01:51:52.980556',1,'completed');
INSERT INTO "event" VALUES(7,'209e0a7280','2026-11-26 01:51:56.620387',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(8,'209e0a7280','2026-11-26 01:51:58.602958',1,'running');
INSERT INTO "event" VALUES(9,'209e0a7280','2026-11-26 01:52:14.941625',1,'completed');
INSERT INTO "event" VALUES(10,'a55e032689','2026-11-26 01:52:19.474879',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(11,'a55e032689','2026-11-26 01:52:21.873833',1,'running');
INSERT INTO "event" VALUES(12,'a55e032689','2026-11-26 01:52:35.219436',1,'completed');
INSERT INTO "event" VALUES(13,'b7f1dc3b9f','2026-11-26 01:52:46.467161',0,'queued');
INSERT INTO "event" VALUES(14,'b7f1dc3b9f','2026-11-26 01:52:46.854750',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(15,'b7f1dc3b9f','2026-11-26 01:52:49.484294',1,'running');
INSERT INTO "event" VALUES(16,'b7f1dc3b9f','2026-11-26 01:53:07.285248',1,'completed');
INSERT INTO "event" VALUES(17,'cdaad619df','2026-11-26 01:53:18.192350',0,'queued');
INSERT INTO "event" VALUES(18,'95bca863f8','2026-11-26 01:53:18.223868',0,'queued');
INSERT INTO "event" VALUES(19,'cdaad619df','2026-11-26 01:53:18.333599',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(20,'cdaad619df','2026-11-26 01:53:21.591951',1,'running');
INSERT INTO "event" VALUES(21,'cdaad619df','2026-11-26 01:53:34.324233',1,'completed');
INSERT INTO "event" VALUES(22,'95bca863f8','2026-11-26 01:53:38.243561',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(23,'95bca863f8','2026-11-26 01:53:40.407260',1,'running');
INSERT INTO "event" VALUES(24,'95bca863f8','2026-11-26 01:53:51.642973',1,'completed');
INSERT INTO "event" VALUES(25,'a4ff3c1363','2026-11-26 01:53:59.533147',0,'queued');
INSERT INTO "event" VALUES(26,'a4ff3c1363','2026-11-26 01:54:00.053875',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(27,'a4ff3c1363','2026-11-26 01:54:02.409478',1,'running');
INSERT INTO "event" VALUES(28,'a4ff3c1363','2026-11-26 01:54:16.070201',1,'completed');
INSERT INTO "event" VALUES(29,'17b94dfd90','2026-11-26 01:54:23.294505',0,'queued');
INSERT INTO "event" VALUES(30,'51bac02ecc','2026-11-26 01:54:23.296880',0,'queued');
INSERT INTO "event" VALUES(31,'3c889f0d15','2026-11-26 01:54:23.318316',0,'queued');
INSERT INTO "event" VALUES(32,'17b94dfd90','2026-11-26 01:54:23.405203',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(33,'17b94dfd90','2026-11-26 01:54:26.374759',1,'running');
INSERT INTO "event" VALUES(34,'17b94dfd90','2026-11-26 01:54:43.859830',1,'completed');
INSERT INTO "event" VALUES(35,'51bac02ecc','2026-11-26 01:54:48.287787',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(36,'51bac02ecc','2026-11-26 01:54:50.954428',1,'running');
INSERT INTO "event" VALUES(37,'51bac02ecc','2026-11-26 01:55:07.551281',1,'completed');
INSERT INTO "event" VALUES(38,'3c889f0d15','2026-11-26 01:55:12.699118',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(39,'3c889f0d15','2026-11-26 01:55:15.750615',1,'running');
INSERT INTO "event" VALUES(40,'3c889f0d15','2026-11-26 01:55:31.247244',1,'completed');
INSERT INTO "event" VALUES(41,'a1fc556e6c','2026-11-26 01:55:42.652060',0,'queued');
INSERT INTO "event" VALUES(42,'2b09d7b429','2026-11-26 01:55:42.675332',0,'queued');
INSERT INTO "event" VALUES(43,'0468147d19','2026-11-26 01:55:42.677008',0,'queued');
INSERT INTO "event" VALUES(44,'a1fc556e6c','2026-11-26 01:55:43.179526',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(45,'a1fc556e6c','2026-11-26 01:55:46.431067',1,'running');
INSERT INTO "event" VALUES(46,'a1fc556e6c','2026-11-26 01:56:00.416602',1,'completed');
INSERT INTO "event" VALUES(47,'2b09d7b429','2026-11-26 01:56:04.507660',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(48,'2b09d7b429','2026-11-26 01:56:06.500760',1,'running');
INSERT INTO "event" VALUES(49,'2b09d7b429','2026-11-26 01:56:21.620165',1,'completed');
INSERT INTO "event" VALUES(50,'0468147d19','2026-11-26 01:56:26.282385',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(51,'0468147d19','2026-11-26 01:56:28.907939',1,'running');
INSERT INTO "event" VALUES(52,'0468147d19','2026-11-26 01:56:44.042885',1,'completed');
INSERT INTO "event" VALUES(53,'ed96e1412a','2026-11-26 01:56:55.340009',0,'queued');
INSERT INTO "event" VALUES(54,'ed96e1412a','2026-11-26 01:56:55.711662',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(55,'ed96e1412a','2026-11-26 01:56:57.851587',1,'running');
INSERT INTO "event" VALUES(56,'ed96e1412a','2026-11-26 01:57:09.741574',1,'completed');
INSERT INTO "event" VALUES(57,'41609729ce','2026-11-26 02:47:48.997926',0,'imported from two-epochs.safetensors');
INSERT INTO "event" VALUES(58,'810cdcd314','2026-11-26 02:48:08.340485',0,'queued');
INSERT INTO "event" VALUES(59,'810cdcd314','2026-11-26 02:48:09.970608',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(60,'810cdcd314','2026-11-26 02:48:11.332592',1,'running');
INSERT INTO "event" VALUES(61,'810cdcd314','2026-11-26 02:48:17.835248',1,'completed');
INSERT INTO "event" VALUES(62,'43782ebc06','2026-11-26 02:48:24.546142',0,'queued');
INSERT INTO "event" VALUES(63,'43782ebc06','2026-11-26 02:48:24.619905',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(64,'43782ebc06','2026-11-26 02:48:25.811640',1,'running');
INSERT INTO "event" VALUES(65,'43782ebc06','2026-11-26 02:48:32.139320',1,'completed');
INSERT INTO "event" VALUES(66,'5ac4b76f5b','2026-11-26 02:48:41.101031',0,'queued');
INSERT INTO "event" VALUES(67,'5ac4b76f5b','2026-11-26 02:48:41.265196',1,'starting attempt 1 on cpu');
INSERT INTO "event" VALUES(68,'5ac4b76f5b','2026-11-26 02:48:42.504587',1,'running');
INSERT INTO "event" VALUES(69,'5ac4b76f5b','2026-11-26 02:48:50.756982',1,'completed');
CREATE TABLE metric (
	run_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	step INTEGER NOT NULL, 
	value FLOAT NOT NULL, 
	epoch FLOAT NOT NULL, 
	attempt INTEGER NOT NULL, 
	PRIMARY KEY (run_id, name, step), 
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "metric" VALUES('b98f110378','train/loss',0,3.29033970832824707031e-01,0.0,1);
INSERT INTO "metric" VALUES('209e0a7280','train/loss',0,6.933116912841796875e-01,0.0,1);
INSERT INTO "metric" VALUES('a55e032689','train/loss',0,6.91892564296722412109e-01,0.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','train/loss',0,3.03565055131912231445e-01,0.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/loss',2,6.00729405879974365234e-01,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/mean',2,6.6258323029786447833e-01,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/shop/mood/loss',2,0.69316166639328,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/shop/mood/accuracy',2,0.5,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/shop/mood/macro_f1',2,3.33333333333333314829e-01,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/shop/rating/loss',2,5.08297145366668701171e-01,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/shop/rating/pearson',2,8.25166460595728845639e-01,1.0,1);
INSERT INTO "metric" VALUES('b7f1dc3b9f','dev/shop/rating/spearman',2,9.74679434480896444981e-01,1.0,1);
INSERT INTO "metric" VALUES('cdaad619df','train/loss',0,6.9280147552490234375e-01,0.0,1);
INSERT INTO "metric" VALUES('95bca863f8','train/loss',0,0.694336473941803,0.0,1);
INSERT INTO "metric" VALUES('a4ff3c1363','train/loss',0,3.27265977859497070312e-01,0.0,1);
INSERT INTO "metric" VALUES('17b94dfd90','train/loss',0,6.92902386188507080078e-01,0.0,1);
INSERT INTO "metric" VALUES('51bac02ecc','train/loss',0,6.93137586116790771484e-01,0.0,1);
INSERT INTO "metric" VALUES('3c889f0d15','train/loss',0,6.92516624927520751953e-01,0.0,1);
INSERT INTO "metric" VALUES('a1fc556e6c','train/loss',0,6.92571163177490234375e-01,0.0,1);
INSERT INTO "metric" VALUES('2b09d7b429','train/loss',0,6.93066895008087158203e-01,0.0,1);
INSERT INTO "metric" VALUES('0468147d19','train/loss',0,6.945514678955078125e-01,0.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','train/loss',0,6.93382918834686279296e-01,0.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/loss',2,6.93218588829040527343e-01,1.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/mean',2,3.16666666666666651863e-01,1.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/toy/question/loss',2,6.93545579910278320312e-01,1.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/toy/question/accuracy',2,0.5,1.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/toy/topics/loss',2,6.92891597747802734375e-01,1.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/toy/topics/macro_f1',2,1.33333333333333331482e-01,1.0,1);
INSERT INTO "metric" VALUES('ed96e1412a','dev/toy/topics/micro_f1',2,2.71186440677966100754e-01,1.0,1);
INSERT INTO "metric" VALUES('810cdcd314','train/loss',0,6.9280147552490234375e-01,0.0,1);
INSERT INTO "metric" VALUES('43782ebc06','train/loss',0,6.91613078117370605468e-01,0.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','train/loss',0,6.94827497005462646484e-01,0.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/loss',2,6.93155765533447265625e-01,1.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/mean',2,0.5,1.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/shop/mood/loss',2,6.93161725997924804687e-01,1.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/shop/mood/accuracy',2,0.5,1.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/shop/mood/macro_f1',2,3.33333333333333314829e-01,1.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/toy/question/loss',2,6.93149805068969726562e-01,1.0,1);
INSERT INTO "metric" VALUES('5ac4b76f5b','dev/toy/question/accuracy',2,0.5,1.0,1);
CREATE TABLE result (
	run_id VARCHAR NOT NULL, 
	task VARCHAR NOT NULL, 
	split VARCHAR NOT NULL, 
	metric VARCHAR NOT NULL, 
	value FLOAT NOT NULL, 
	PRIMARY KEY (run_id, task, split, metric), 
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "result" VALUES('b98f110378','shop/rating','dev','loss',5.39907574653625488281e-01);
INSERT INTO "result" VALUES('b98f110378','shop/rating','dev','pearson',9.28825364679744414075e-01);
INSERT INTO "result" VALUES('b98f110378','shop/rating','dev','spearman',9.74679434480896444981e-01);
INSERT INTO "result" VALUES('b98f110378','shop/rating','test','loss',0.387509822845459);
INSERT INTO "result" VALUES('b98f110378','shop/rating','test','pearson',7.61228376458367939072e-01);
INSERT INTO "result" VALUES('b98f110378','shop/rating','test','spearman',7.29652884121192779609e-01);
INSERT INTO "result" VALUES('209e0a7280','shop/mood','dev','loss',6.93156540393829345703e-01);
INSERT INTO "result" VALUES('209e0a7280','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('209e0a7280','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('209e0a7280','shop/mood','test','loss',0.694561779499054);
INSERT INTO "result" VALUES('209e0a7280','shop/mood','test','accuracy',0.3125);
INSERT INTO "result" VALUES('209e0a7280','shop/mood','test','macro_f1',2.38095238095238082021e-01);
INSERT INTO "result" VALUES('a55e032689','shop/mood','dev','loss',6.9372183084487915039e-01);
INSERT INTO "result" VALUES('a55e032689','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('a55e032689','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('a55e032689','shop/mood','test','loss',6.81076526641845703125e-01);
INSERT INTO "result" VALUES('a55e032689','shop/mood','test','accuracy',0.6875);
INSERT INTO "result" VALUES('a55e032689','shop/mood','test','macro_f1',4.07407407407407384791e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/mood','dev','loss',0.69316166639328);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/mood','test','loss',6.95018589496612548828e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/mood','test','accuracy',0.3125);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/mood','test','macro_f1',2.38095238095238082021e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/rating','dev','loss',5.08297145366668701171e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/rating','dev','pearson',8.25166460595728845639e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/rating','dev','spearman',9.74679434480896444981e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/rating','test','loss',3.62081617116928100585e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/rating','test','pearson',3.81924404527037630874e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','shop/rating','test','spearman',4.02198906857047733254e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','mean','dev','loss',6.00729405879974365234e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','mean','dev','mean',6.6258323029786447833e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','mean','test','loss',5.28550103306770324707e-01);
INSERT INTO "result" VALUES('b7f1dc3b9f','mean','test','mean',3.47212202263518787681e-01);
INSERT INTO "result" VALUES('cdaad619df','shop/mood','dev','loss',6.93200290203094482421e-01);
INSERT INTO "result" VALUES('cdaad619df','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('cdaad619df','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('cdaad619df','shop/mood','test','loss',6.89261317253112792968e-01);
INSERT INTO "result" VALUES('cdaad619df','shop/mood','test','accuracy',0.6875);
INSERT INTO "result" VALUES('cdaad619df','shop/mood','test','macro_f1',4.07407407407407384791e-01);
INSERT INTO "result" VALUES('95bca863f8','shop/mood','dev','loss',6.93145453929901123046e-01);
INSERT INTO "result" VALUES('95bca863f8','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('95bca863f8','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('95bca863f8','shop/mood','test','loss',6.92932605743408203125e-01);
INSERT INTO "result" VALUES('95bca863f8','shop/mood','test','accuracy',0.6875);
INSERT INTO "result" VALUES('95bca863f8','shop/mood','test','macro_f1',4.07407407407407384791e-01);
INSERT INTO "result" VALUES('a4ff3c1363','shop/rating','dev','loss',5.22557556629180908203e-01);
INSERT INTO "result" VALUES('a4ff3c1363','shop/rating','dev','pearson',-9.94055269906308658356e-01);
INSERT INTO "result" VALUES('a4ff3c1363','shop/rating','dev','spearman',-9.74679434480896444981e-01);
INSERT INTO "result" VALUES('a4ff3c1363','shop/rating','test','loss',3.7348797917366027832e-01);
INSERT INTO "result" VALUES('a4ff3c1363','shop/rating','test','pearson',-6.969280842187727254e-01);
INSERT INTO "result" VALUES('a4ff3c1363','shop/rating','test','spearman',-6.86941495782391275959e-01);
INSERT INTO "result" VALUES('17b94dfd90','toy/choice','dev','loss',0.693145751953125);
INSERT INTO "result" VALUES('17b94dfd90','toy/choice','dev','accuracy',0.625);
INSERT INTO "result" VALUES('17b94dfd90','toy/choice','test','loss',6.93147540092468261718e-01);
INSERT INTO "result" VALUES('17b94dfd90','toy/choice','test','accuracy',0.5);
INSERT INTO "result" VALUES('51bac02ecc','toy/topics','dev','loss',0.691316545009613);
INSERT INTO "result" VALUES('51bac02ecc','toy/topics','dev','macro_f1',1.19298245614035083872e-01);
INSERT INTO "result" VALUES('51bac02ecc','toy/topics','dev','micro_f1',2.37288135593220345098e-01);
INSERT INTO "result" VALUES('51bac02ecc','toy/topics','test','loss',6.90233170986175537109e-01);
INSERT INTO "result" VALUES('51bac02ecc','toy/topics','test','macro_f1',1.54080854309687265146e-01);
INSERT INTO "result" VALUES('51bac02ecc','toy/topics','test','micro_f1',3.57142857142857150787e-01);
INSERT INTO "result" VALUES('3c889f0d15','toy/topics','dev','loss',6.81278228759765625e-01);
INSERT INTO "result" VALUES('3c889f0d15','toy/topics','dev','macro_f1',0.0);
INSERT INTO "result" VALUES('3c889f0d15','toy/topics','dev','micro_f1',0.0);
INSERT INTO "result" VALUES('3c889f0d15','toy/topics','test','loss',6.79960548877716064453e-01);
INSERT INTO "result" VALUES('3c889f0d15','toy/topics','test','macro_f1',0.0);
INSERT INTO "result" VALUES('3c889f0d15','toy/topics','test','micro_f1',0.0);
INSERT INTO "result" VALUES('a1fc556e6c','toy/topics','dev','loss',6.91112816333770751953e-01);
INSERT INTO "result" VALUES('a1fc556e6c','toy/topics','dev','macro_f1',1.19298245614035083872e-01);
INSERT INTO "result" VALUES('a1fc556e6c','toy/topics','dev','micro_f1',2.37288135593220345098e-01);
INSERT INTO "result" VALUES('a1fc556e6c','toy/topics','test','loss',0.690119743347168);
INSERT INTO "result" VALUES('a1fc556e6c','toy/topics','test','macro_f1',1.54080854309687265146e-01);
INSERT INTO "result" VALUES('a1fc556e6c','toy/topics','test','micro_f1',3.57142857142857150787e-01);
INSERT INTO "result" VALUES('2b09d7b429','toy/question','dev','loss',6.93177819252014160156e-01);
INSERT INTO "result" VALUES('2b09d7b429','toy/question','dev','accuracy',0.5);
INSERT INTO "result" VALUES('2b09d7b429','toy/question','test','loss',6.91313862800598144531e-01);
INSERT INTO "result" VALUES('2b09d7b429','toy/question','test','accuracy',0.625);
INSERT INTO "result" VALUES('0468147d19','toy/question','dev','loss',0.695222020149231);
INSERT INTO "result" VALUES('0468147d19','toy/question','dev','accuracy',0.5);
INSERT INTO "result" VALUES('0468147d19','toy/question','test','loss',6.79107189178466796875e-01);
INSERT INTO "result" VALUES('0468147d19','toy/question','test','accuracy',0.625);
INSERT INTO "result" VALUES('ed96e1412a','toy/question','dev','loss',6.93545579910278320312e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/question','dev','accuracy',0.5);
INSERT INTO "result" VALUES('ed96e1412a','toy/question','test','loss',6.86512768268585205078e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/question','test','accuracy',0.625);
INSERT INTO "result" VALUES('ed96e1412a','toy/topics','dev','loss',6.92891597747802734375e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/topics','dev','macro_f1',1.33333333333333331482e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/topics','dev','micro_f1',2.71186440677966100754e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/topics','test','loss',6.91919088363647460937e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/topics','test','macro_f1',1.68115942028985498879e-01);
INSERT INTO "result" VALUES('ed96e1412a','toy/topics','test','micro_f1',3.92857142857142849212e-01);
INSERT INTO "result" VALUES('ed96e1412a','mean','dev','loss',6.93218588829040527343e-01);
INSERT INTO "result" VALUES('ed96e1412a','mean','dev','mean',3.16666666666666651863e-01);
INSERT INTO "result" VALUES('ed96e1412a','mean','test','loss',6.89215928316116333007e-01);
INSERT INTO "result" VALUES('ed96e1412a','mean','test','mean',3.96557971014492749439e-01);
INSERT INTO "result" VALUES('41609729ce','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('41609729ce','shop/mood','dev','loss',6.9315248727798461914e-01);
INSERT INTO "result" VALUES('41609729ce','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('41609729ce','shop/mood','test','accuracy',0.3125);
INSERT INTO "result" VALUES('41609729ce','shop/mood','test','loss',0.694080114364624);
INSERT INTO "result" VALUES('41609729ce','shop/mood','test','macro_f1',2.38095238095238082021e-01);
INSERT INTO "result" VALUES('810cdcd314','shop/mood','dev','loss',6.93200290203094482421e-01);
INSERT INTO "result" VALUES('810cdcd314','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('810cdcd314','shop/mood','test','loss',6.89261317253112792968e-01);
INSERT INTO "result" VALUES('810cdcd314','shop/mood','test','accuracy',0.6875);
INSERT INTO "result" VALUES('43782ebc06','shop/mood','dev','loss',6.93147480487823486328e-01);
INSERT INTO "result" VALUES('43782ebc06','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('43782ebc06','shop/mood','test','loss',0.69411301612854);
INSERT INTO "result" VALUES('43782ebc06','shop/mood','test','accuracy',0.3125);
INSERT INTO "result" VALUES('5ac4b76f5b','shop/mood','dev','loss',6.93161725997924804687e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','shop/mood','dev','accuracy',0.5);
INSERT INTO "result" VALUES('5ac4b76f5b','shop/mood','dev','macro_f1',3.33333333333333314829e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','shop/mood','test','loss',6.95021092891693115234e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','shop/mood','test','accuracy',0.3125);
INSERT INTO "result" VALUES('5ac4b76f5b','shop/mood','test','macro_f1',2.38095238095238082021e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','toy/question','dev','loss',6.93149805068969726562e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','toy/question','dev','accuracy',0.5);
INSERT INTO "result" VALUES('5ac4b76f5b','toy/question','test','loss',0.693618893623352);
INSERT INTO "result" VALUES('5ac4b76f5b','toy/question','test','accuracy',0.375);
INSERT INTO "result" VALUES('5ac4b76f5b','mean','dev','loss',6.93155765533447265625e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','mean','dev','mean',0.5);
INSERT INTO "result" VALUES('5ac4b76f5b','mean','test','loss',6.94319993257522583007e-01);
INSERT INTO "result" VALUES('5ac4b76f5b','mean','test','mean',0.34375);
CREATE TABLE run (
	id VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	group_id VARCHAR NOT NULL, 
	method VARCHAR NOT NULL, 
	backbone VARCHAR NOT NULL, 
	benchmark VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	seed INTEGER NOT NULL, 
	spec JSON NOT NULL, 
	command VARCHAR NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	cause VARCHAR, 
	attempt INTEGER NOT NULL, 
	stop_requested BOOLEAN NOT NULL, 
	version BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	ended_at DATETIME, 
	heartbeat_at DATETIME, 
	seconds FLOAT NOT NULL, 
	epoch INTEGER NOT NULL, 
	epochs INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	steps INTEGER NOT NULL, 
	loss FLOAT, 
	metric VARCHAR, 
	value FLOAT, 
	best FLOAT, 
	best_epoch INTEGER, 
	samples_per_second FLOAT, 
	tokens_per_second FLOAT, 
	seconds_left FLOAT, 
	trainable INTEGER, 
	transfer INTEGER, 
	executor VARCHAR NOT NULL, 
	handle JSON, 
	device VARCHAR, 
	provenance JSON, 
	PRIMARY KEY (id), 
	UNIQUE (fingerprint)
);
INSERT INTO "run" VALUES('b98f110378','b98f11037803f7e3dcc4507521c0553617f8df552da493fb800e8bde7ea4f634','c0e9d35a56','adapter','{FOLDER}/tiny-bert','shop','shop/rating',0,'{"method": "adapter", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/rating"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0003, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "reduction": 16, "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/rating": "sha256:2391e826f44866932f08154e5eaf006d6c4d8662f5416a184c7111ff464f0cac"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/rating": {"benchmark": "shop", "name": "rating", "title": "rating", "kind": "regression", "template": "plain", "columns": ["text"], "metrics": ["pearson", "spearman"], "label_column": "label", "labels": [], "data": {"files": [["train", "{FOLDER}/train.csv"]], "text": "{text}", "pair": "", "options": [], "label": "score", "separator": "", "dev_share": 0.1, "test_share": 0.2}, "config": null, "sizes": [48, 12], "dev_size": 5, "max_length": 128, "truncate": "longest", "stratify": false, "select_by": "metric", "dev": null, "tests": [["test", "train"]]}}}','scalearn run --method scalearn++ --target shop/mood --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,10,'2026-11-26 01:51:31.427523','2026-11-26 01:51:34.724280','2026-11-26 01:51:52.953448','2026-11-26 01:51:52.950247',0.229318671999863,1,1,1,1,3.29033970832824707031e-01,'pearson',9.28825364679744414075e-01,9.28825364679744414075e-01,1,2.97594926156090821226e+02,6.8351832268474217928e+03,0.0,1413,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/rating": {"train": 32, "dev": 5, "test": 12}}, "labels": {"shop/rating": []}, "data": {"shop/rating": "sha256:2391e826f44866932f08154e5eaf006d6c4d8662f5416a184c7111ff464f0cac"}, "rows_sha256": "be183959291dfb78a4a042b702e81a3c37b49b8a8414cad2095c33b9e9494f36"}');
INSERT INTO "run" VALUES('209e0a7280','209e0a72806f75b3ee8a049269cc0e80428af1423e05f4818c113793a8d4e884','695211f853','adapter','{FOLDER}/tiny-bert','shop','shop/mood',0,'{"method": "adapter", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0003, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "reduction": 16, "select_by": "loss", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method scalearn++ --target shop/mood --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,19,'2026-11-26 01:51:31.441882','2026-11-26 01:51:56.618940','2026-11-26 01:52:14.925106','2026-11-26 01:52:14.921501',1.92026147999968088697e-01,1,1,1,1,6.933116912841796875e-01,'accuracy',0.5,0.5,1,4.82264068240825565696e+02,1.05785009989751306418e+04,0.0,1446,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e"}');
INSERT INTO "run" VALUES('a55e032689','a55e03268929cd631376ea3a62f6528f0922eb0b60761cd6f8899f67b8641990','dfdaa3238e','scalearn++','{FOLDER}/tiny-bert','shop','shop/mood',0,'{"method": "scalearn++", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [{"task": "shop/rating", "run_id": "b98f110378"}, {"task": "shop/mood", "run_id": "209e0a7280"}], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.006, "max_grad_norm": 1.0, "omega_dropout": 0.3, "omega_penalty": 0.0, "patience": 30, "precision": "auto", "select_by": "loss", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}, "shop/rating": {"benchmark": "shop", "name": "rating", "title": "rating", "kind": "regression", "template": "plain", "columns": ["text"], "metrics": ["pearson", "spearman"], "label_column": "label", "labels": [], "data": {"files": [["train", "{FOLDER}/train.csv"]], "text": "{text}", "pair": "", "options": [], "label": "score", "separator": "", "dev_share": 0.1, "test_share": 0.2}, "config": null, "sizes": [48, 12], "dev_size": 5, "max_length": 128, "truncate": "longest", "stratify": false, "select_by": "metric", "dev": null, "tests": [["test", "train"]]}}}','scalearn run --method scalearn++ --target shop/mood --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,28,'2026-11-26 01:51:31.443279','2026-11-26 01:52:19.461157','2026-11-26 01:52:35.210203','2026-11-26 01:52:35.194332',2.37179848999858222668e-01,1,1,1,1,6.91892564296722412109e-01,'accuracy',0.5,0.5,1,3.8089151086254213396e+02,8355.38086648256,0.0,1186,64,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e"}');
INSERT INTO "run" VALUES('b7f1dc3b9f','b7f1dc3b9fe9b3dded3ced942dc54a079bd0ad52aa4651f1f5b940d782dcb178','556f300e1e','adapter-m','{FOLDER}/tiny-bert','shop','shop',0,'{"method": "adapter-m", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood", "shop/rating"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0003, "max_grad_norm": 1.0, "patience": 10, "precision": "auto", "reduction": 16, "sampling": "proportional", "select_by": "metric", "steps_per_epoch": 2, "temperature": 1.0, "warmup": 0.1, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1", "shop/rating": "sha256:2391e826f44866932f08154e5eaf006d6c4d8662f5416a184c7111ff464f0cac"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}, "shop/rating": {"benchmark": "shop", "name": "rating", "title": "rating", "kind": "regression", "template": "plain", "columns": ["text"], "metrics": ["pearson", "spearman"], "label_column": "label", "labels": [], "data": {"files": [["train", "{FOLDER}/train.csv"]], "text": "{text}", "pair": "", "options": [], "label": "score", "separator": "", "dev_share": 0.1, "test_share": 0.2}, "config": null, "sizes": [48, 12], "dev_size": 5, "max_length": 128, "truncate": "longest", "stratify": false, "select_by": "metric", "dev": null, "tests": [["test", "train"]]}}}','scalearn run --method adapter-m --backbone tiny-bert --benchmark shop --set steps_per_epoch=2 --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,38,'2026-11-26 01:52:46.407959','2026-11-26 01:52:46.853184','2026-11-26 01:53:07.267858','2026-11-26 01:53:07.243266',3.66628072000366955762e-01,1,1,2,2,4.98611792922019958496e-01,'mean',6.6258323029786447833e-01,6.6258323029786447833e-01,1,401.514210466129,9014.96427608407,0.0,2535,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}, "shop/rating": {"train": 32, "dev": 5, "test": 12}}, "labels": {"shop/mood": ["neg", "pos"], "shop/rating": []}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1", "shop/rating": "sha256:2391e826f44866932f08154e5eaf006d6c4d8662f5416a184c7111ff464f0cac"}, "rows_sha256": "d173471716c78da5dca58cf30e4946567671758108883e0e9dc9cd51629307fc"}');
INSERT INTO "run" VALUES('cdaad619df','cdaad619df91e92b065425c2f5e68a8899f18d50d0fe9e6845f9084cfe5349a0','d463f0442b','lora','{FOLDER}/tiny-bert','shop','shop/mood',0,'{"method": "lora", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [], "seed": 0, "hyperparameters": {"alpha": 16.0, "batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0005, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "r": 8, "select_by": "loss", "warmup": 0.06, "weight_decay": 0.1}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method lora --target shop/mood --backbone tiny-bert --seed 0-1 --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,48,'2026-11-26 01:53:18.151937','2026-11-26 01:53:18.332004','2026-11-26 01:53:34.311680','2026-11-26 01:53:34.306320',2.4161734200015416718e-01,1,1,1,1,6.9280147552490234375e-01,'accuracy',0.5,0.5,1,2.6708201258189313875e+02,5.8589551688707579161e+03,0.0,3170,2048,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e"}');
INSERT INTO "run" VALUES('95bca863f8','95bca863f877443ff18d7399c13ad6d0e8c573b479cc081a5b2ccba34ff80cdb','d463f0442b','lora','{FOLDER}/tiny-bert','shop','shop/mood',1,'{"method": "lora", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [], "seed": 1, "hyperparameters": {"alpha": 16.0, "batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0005, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "r": 8, "select_by": "loss", "warmup": 0.06, "weight_decay": 0.1}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method lora --target shop/mood --backbone tiny-bert --seed 0-1 --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,57,'2026-11-26 01:53:18.153175','2026-11-26 01:53:38.237626','2026-11-26 01:53:51.631423','2026-11-26 01:53:51.628394',2.52270352000323327956e-01,1,1,1,1,0.694336473941803,'accuracy',0.5,0.5,1,3.21473321878530896348e+02,7.05213176899690461158e+03,0.0,3170,2048,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e"}');
INSERT INTO "run" VALUES('a4ff3c1363','a4ff3c13638fd846086e6426085bdcffd59bad829a4d6e7150cc363f7fc003ee','f414087eed','lora','{FOLDER}/tiny-bert','shop','shop/rating',0,'{"method": "lora", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/rating"], "sources": [], "seed": 0, "hyperparameters": {"alpha": 16.0, "batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0005, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "r": 8, "select_by": "metric", "warmup": 0.06, "weight_decay": 0.1}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/rating": "sha256:2391e826f44866932f08154e5eaf006d6c4d8662f5416a184c7111ff464f0cac"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/rating": {"benchmark": "shop", "name": "rating", "title": "rating", "kind": "regression", "template": "plain", "columns": ["text"], "metrics": ["pearson", "spearman"], "label_column": "label", "labels": [], "data": {"files": [["train", "{FOLDER}/train.csv"]], "text": "{text}", "pair": "", "options": [], "label": "score", "separator": "", "dev_share": 0.1, "test_share": 0.2}, "config": null, "sizes": [48, 12], "dev_size": 5, "max_length": 128, "truncate": "longest", "stratify": false, "select_by": "metric", "dev": null, "tests": [["test", "train"]]}}}','scalearn run --method lora --target shop/rating --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,67,'2026-11-26 01:53:59.487593','2026-11-26 01:54:00.040593','2026-11-26 01:54:16.053550','2026-11-26 01:54:16.050306',2.98495522999928653007e-01,1,1,1,1,3.27265977859497070312e-01,'pearson',-9.94055269906308658356e-01,-9.94055269906308658356e-01,1,1.90503464222354523373e+02,4.3755545494560637962e+03,0.0,3137,2048,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/rating": {"train": 32, "dev": 5, "test": 12}}, "labels": {"shop/rating": []}, "data": {"shop/rating": "sha256:2391e826f44866932f08154e5eaf006d6c4d8662f5416a184c7111ff464f0cac"}, "rows_sha256": "be183959291dfb78a4a042b702e81a3c37b49b8a8414cad2095c33b9e9494f36"}');
INSERT INTO "run" VALUES('17b94dfd90','17b94dfd90565ca89e88c01682b7927d4f24a456fc2e7e2210a7bfb635a1581f','ad2fb8bdd4','adapter','{FOLDER}/tiny-bert','toy','toy/choice',0,'{"method": "adapter", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/choice"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.001, "max_grad_norm": 1.0, "patience": 3, "precision": "auto", "reduction": 16, "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"toy/choice": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {}}','scalearn run --method scalearn --target toy/topics --sources choice,topics --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1 --shots 8','completed',NULL,1,0,77,'2026-11-26 01:54:23.259652','2026-11-26 01:54:23.404096','2026-11-26 01:54:43.839000','2026-11-26 01:54:43.821072',4.66636440999536716844e-01,1,1,1,1,6.92902386188507080078e-01,'accuracy',0.625,0.625,1,1.28531328461039436202e+02,1.43509906655849263186e+04,0.0,1413,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/choice": {"train": 32, "dev": 16, "test": 16}}, "labels": {"toy/choice": ["choice1", "choice2"]}, "data": {"toy/choice": "toy-1"}, "rows_sha256": "b3617d102755778072deae33203f367ee1be7d91e0d84dcecd351ff2506808c5"}');
INSERT INTO "run" VALUES('51bac02ecc','51bac02eccb6baf88eb9be0606a71c8b1e6eba2c94d631d2425d3f7a8e1a3d9e','5a0034395e','adapter','{FOLDER}/tiny-bert','toy','toy/topics',0,'{"method": "adapter", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/topics"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.001, "max_grad_norm": 1.0, "patience": 20, "precision": "auto", "reduction": 16, "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": 8, "data": {"toy/topics": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {}}','scalearn run --method scalearn --target toy/topics --sources choice,topics --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1 --shots 8','completed',NULL,1,0,86,'2026-11-26 01:54:23.260341','2026-11-26 01:54:48.281735','2026-11-26 01:55:07.534247','2026-11-26 01:55:07.526375',2.30344683000112127047e-01,1,1,1,1,6.93137586116790771484e-01,'macro_f1',1.19298245614035083872e-01,1.19298245614035083872e-01,1,1.1631218831090463084e+02,5.10287675767117889337e+03,0.0,1578,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/topics": {"train": 8, "dev": 16, "test": 16}}, "labels": {"toy/topics": ["food", "money", "music", "sport", "travel", "weather"]}, "data": {"toy/topics": "toy-1"}, "rows_sha256": "4455a902fbd28148f3d345d4bf9c048a5d684599ac577e9b75e977bf2ac7d975"}');
INSERT INTO "run" VALUES('3c889f0d15','3c889f0d154cb5ab3467dab46e5079efa2eaace3a091df970656b0670352604d','b6c4521dc9','scalearn','{FOLDER}/tiny-bert','toy','toy/topics',0,'{"method": "scalearn", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/topics"], "sources": [{"task": "toy/choice", "run_id": "17b94dfd90"}, {"task": "toy/topics", "run_id": "51bac02ecc"}], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.006, "max_grad_norm": 1.0, "omega_dropout": 0.3, "omega_penalty": 0.0, "patience": 20, "precision": "auto", "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": 8, "data": {"toy/topics": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {}}','scalearn run --method scalearn --target toy/topics --sources choice,topics --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1 --shots 8','completed',NULL,1,0,95,'2026-11-26 01:54:23.260770','2026-11-26 01:55:12.697051','2026-11-26 01:55:31.235217','2026-11-26 01:55:31.227900',2.38321010000163369113e-01,1,1,1,1,6.92516624927520751953e-01,'macro_f1',0.0,0.0,1,72.3641055691712,3.17482694728188562303e+03,0.0,1382,128,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/topics": {"train": 8, "dev": 16, "test": 16}}, "labels": {"toy/topics": ["food", "money", "music", "sport", "travel", "weather"]}, "data": {"toy/topics": "toy-1"}, "rows_sha256": "4455a902fbd28148f3d345d4bf9c048a5d684599ac577e9b75e977bf2ac7d975"}');
INSERT INTO "run" VALUES('a1fc556e6c','a1fc556e6cd393f9d61a7c3b9e37267eeef3f5de68635c496d24adfe1d4140de','295ded1a36','adapter','{FOLDER}/tiny-bert','toy','toy/topics',0,'{"method": "adapter", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/topics"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.001, "max_grad_norm": 1.0, "patience": 3, "precision": "auto", "reduction": 16, "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"toy/topics": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {}}','scalearn run --method scalearn --target toy/question --sources shop/mood,topics,question --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,105,'2026-11-26 01:55:42.550175','2026-11-26 01:55:43.178012','2026-11-26 01:56:00.403262','2026-11-26 01:56:00.395743',2.1072558500009108684e-01,1,1,1,1,6.92571163177490234375e-01,'macro_f1',1.19298245614035083872e-01,1.19298245614035083872e-01,1,3.59994374186963966627e+02,1.80778370239963478531e+04,0.0,1578,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/topics": {"train": 32, "dev": 16, "test": 16}}, "labels": {"toy/topics": ["food", "money", "music", "sport", "travel", "weather"]}, "data": {"toy/topics": "toy-1"}, "rows_sha256": "4455a902fbd28148f3d345d4bf9c048a5d684599ac577e9b75e977bf2ac7d975"}');
INSERT INTO "run" VALUES('2b09d7b429','2b09d7b4291e43b407d93ee78d6ac6bce9500a2b54d812af95944e6ebac6a1a3','3f3b5e1a1d','adapter','{FOLDER}/tiny-bert','toy','toy/question',0,'{"method": "adapter", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/question"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.001, "max_grad_norm": 1.0, "patience": 3, "precision": "auto", "reduction": 16, "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"toy/question": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {}}','scalearn run --method scalearn --target toy/question --sources shop/mood,topics,question --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,114,'2026-11-26 01:55:42.550915','2026-11-26 01:56:04.506262','2026-11-26 01:56:21.602581','2026-11-26 01:56:21.583893',2.86177641000449511921e-01,1,1,1,1,6.93066895008087158203e-01,'accuracy',0.5,0.5,1,2.5603457490847989675e+02,1.63857093571850964512e+04,0.0,1446,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/question": {"train": 32, "dev": 16, "test": 16}}, "labels": {"toy/question": ["False", "True"]}, "data": {"toy/question": "toy-1"}, "rows_sha256": "715de971ca6b676ad14c7d9945f43074836f9413d3a2f59b19a77dd3f9cffe25"}');
INSERT INTO "run" VALUES('0468147d19','0468147d192e2977e1b981e1ab5ff991b3a444edd3a34d31dd540b08c09c7526','64ce8fffcc','scalearn','{FOLDER}/tiny-bert','toy','toy/question',0,'{"method": "scalearn", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/question"], "sources": [{"task": "shop/mood", "run_id": "209e0a7280"}, {"task": "toy/topics", "run_id": "a1fc556e6c"}, {"task": "toy/question", "run_id": "2b09d7b429"}], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.006, "max_grad_norm": 1.0, "omega_dropout": 0.3, "omega_penalty": 0.0, "patience": 3, "precision": "auto", "select_by": "metric", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"toy/question": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method scalearn --target toy/question --sources shop/mood,topics,question --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,123,'2026-11-26 01:55:42.551485','2026-11-26 01:56:26.277263','2026-11-26 01:56:44.007336','2026-11-26 01:56:43.990235',3.88967541999591048806e-01,1,1,1,1,6.945514678955078125e-01,'accuracy',0.5,0.5,1,1.259793055448565724e+02,8.06252542003638518475e+03,0.0,1314,192,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/question": {"train": 32, "dev": 16, "test": 16}}, "labels": {"toy/question": ["False", "True"]}, "data": {"toy/question": "toy-1"}, "rows_sha256": "715de971ca6b676ad14c7d9945f43074836f9413d3a2f59b19a77dd3f9cffe25"}');
INSERT INTO "run" VALUES('ed96e1412a','ed96e1412a574af74c780db2eeb3cc3e41602d3dd70a733dd7f36573cbf02b1b','d08f9d0a34','pals','{FOLDER}/tiny-bert','toy','toy/question+topics',0,'{"method": "pals", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["toy/question", "toy/topics"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "heads": 6, "learning_rate": 0.0003, "max_grad_norm": 1.0, "patience": 3, "precision": "auto", "sampling": "annealed", "select_by": "metric", "steps_per_epoch": 2, "temperature": 1.0, "warmup": 0.1, "weight_decay": 0.01, "width": 204}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"toy/question": "toy-1", "toy/topics": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {}}','scalearn run --method pals --target toy/question --target toy/topics --backbone tiny-bert --set steps_per_epoch=2 --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,134,'2026-11-26 01:56:55.288314','2026-11-26 01:56:55.709888','2026-11-26 01:57:09.724245','2026-11-26 01:57:09.703586',1.10605679299942494253e+00,1,1,2,2,6.9153645634651184082e-01,'mean',3.16666666666666651863e-01,3.16666666666666651863e-01,1,79.607100449371,4.54628596566506166729e+03,0.0,553680,528424,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"toy/question": {"train": 32, "dev": 16, "test": 16}, "toy/topics": {"train": 32, "dev": 16, "test": 16}}, "labels": {"toy/question": ["False", "True"], "toy/topics": ["food", "money", "music", "sport", "travel", "weather"]}, "data": {"toy/question": "toy-1", "toy/topics": "toy-1"}, "rows_sha256": "7c9e8ac89588acbb8220d5b03067d200c839a4af8e3e6386a938000d9e5e0030"}');
INSERT INTO "run" VALUES('41609729ce','41609729ce55daa6ec9a8eb69e2bd5b7fe85199f0d496be50646d0612f4fea43','f27abb371c','adapter','tiny-bert','shop','shop/mood',0,'{"method": "adapter", "backbone": "tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 2, "learning_rate": 0.0003, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "reduction": 16, "select_by": "loss", "warmup": 0.0, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": null, "data_dir": null, "own": {}}','','completed',NULL,0,0,135,'2026-11-26 02:47:48.851833',NULL,'2026-11-26 02:47:48.825912',NULL,3.38497528000516467727e-01,2,2,2,2,NULL,'accuracy',0.5,0.5,2,NULL,NULL,NULL,1446,324,'local',NULL,NULL,'{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e", "imported": {"file": "two-epochs.safetensors", "at": "2026-11-26T02:47:48+00:00", "version": "0.1.0"}}');
INSERT INTO "run" VALUES('810cdcd314','810cdcd31430bb6d404bf6b36e74a35bd1c42ffef85b6bb6c103263b6c490cd5','ecc5c59412','lora','{FOLDER}/tiny-bert','shop','shop/mood',0,'{"method": "lora", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [], "seed": 0, "hyperparameters": {"alpha": 16.0, "batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0005, "max_grad_norm": 1.0, "patience": 5, "precision": "auto", "r": 8, "select_by": "loss", "warmup": 0.06, "weight_decay": 0.1}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method lora --target shop/mood --backbone tiny-bert --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,145,'2026-11-26 02:48:08.297382','2026-11-26 02:48:09.963456','2026-11-26 02:48:17.828347','2026-11-26 02:48:17.826075',9.47630029995707445777e-02,1,1,1,1,6.9280147552490234375e-01,'accuracy',0.5,0.5,1,6.66502235010398635505e+02,1.46206649727620260816e+04,0.0,3170,2048,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e"}');
INSERT INTO "run" VALUES('43782ebc06','43782ebc068045ded7cf976194077b3a68b3e2edb85963f907d466e83854d228','934a98a940','lora','{FOLDER}/tiny-bert','shop','shop/mood',1,'{"method": "lora", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood"], "sources": [], "seed": 1, "hyperparameters": {"alpha": 16.0, "batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0005, "max_grad_norm": 1.0, "patience": 20, "precision": "auto", "r": 8, "select_by": "metric", "warmup": 0.06, "weight_decay": 0.1}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": 4, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method lora --target shop/mood --backbone tiny-bert --seed 1 --limit train=32 --limit dev=16 --limit test=16 --epochs 1 --shots 4','completed',NULL,1,0,155,'2026-11-26 02:48:24.492812','2026-11-26 02:48:24.618782','2026-11-26 02:48:32.136105','2026-11-26 02:48:32.121042',1.18641274999390589073e-01,1,1,1,1,6.91613078117370605468e-01,'accuracy',0.5,0.5,1,6.81690419086911845178e+01,1.48256927961332576155e+03,0.0,3170,2048,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 4, "dev": 6, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1"}, "rows_sha256": "d290cc26122c6353523e3dd8aa1ff059cb9b9c5c38e9fb6e84eed7830b908c7e"}');
INSERT INTO "run" VALUES('5ac4b76f5b','5ac4b76f5b1b6433c574df6d4e60acdedd97fb32274c447b7caea5b71664fc00','29e61c64f9','adapter-m','{FOLDER}/tiny-bert','shop+toy','shop/mood+toy/question',0,'{"method": "adapter-m", "backbone": "{FOLDER}/tiny-bert", "backbone_revision": "sha256:b34ab2564ae8c67d2e0ac14b2dbab8f01bffcdecaf5a24472d43bb18c4ac58aa", "targets": ["shop/mood", "toy/question"], "sources": [], "seed": 0, "hyperparameters": {"batch_size": 32, "dropout": 0.1, "epochs": 1, "learning_rate": 0.0003, "max_grad_norm": 1.0, "patience": 10, "precision": "auto", "reduction": 16, "sampling": "proportional", "select_by": "metric", "steps_per_epoch": 2, "temperature": 1.0, "warmup": 0.1, "weight_decay": 0.0}, "limits": {"dev": 16, "test": 16, "train": 32}, "shots": null, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1", "toy/question": "toy-1"}, "backbone_path": "{FOLDER}/tiny-bert", "data_dir": null, "own": {"shop/mood": {"benchmark": "shop", "name": "mood", "title": "mood", "kind": "classification", "template": "plain", "columns": ["text"], "metrics": ["accuracy", "macro_f1"], "label_column": "label", "labels": ["neg", "pos"], "data": {"files": [["train", "{FOLDER}/train.csv"], ["test", "{FOLDER}/test.csv"]], "text": "{text}", "pair": "", "options": [], "label": "label", "separator": "", "dev_share": 0.1, "test_share": 0.0}, "config": null, "sizes": [60, 30], "dev_size": 6, "max_length": 128, "truncate": "longest", "stratify": true, "select_by": "loss", "dev": null, "tests": [["test", "test"]]}}}','scalearn run --method adapter-m --target shop/mood --target toy/question --backbone tiny-bert --set steps_per_epoch=2 --limit train=32 --limit dev=16 --limit test=16 --epochs 1','completed',NULL,1,0,165,'2026-11-26 02:48:41.083892','2026-11-26 02:48:41.264047','2026-11-26 02:48:50.749443','2026-11-26 02:48:50.746245',1.74581004000174289103e-01,1,1,2,2,6.94243371486663818359e-01,'mean',0.5,0.5,1,5.5208874495423810912e+02,2.37218941056371913867e+04,0.0,2568,324,'local',NULL,'cpu','{"git_commit": "075c700bce54643aa1230ebb3ee2429412ce6f29", "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "tokenizers": "0.23.3", "datasets": "5.2.0", "safetensors": "0.8.0", "numpy": "2.4.6"}, "python": "3.11.7", "system": "Linux", "host": "a-host", "device": "x86_64, 1 threads", "precision": "float32", "splits": {"shop/mood": {"train": 32, "dev": 6, "test": 16}, "toy/question": {"train": 32, "dev": 16, "test": 16}}, "labels": {"shop/mood": ["neg", "pos"], "toy/question": ["False", "True"]}, "data": {"shop/mood": "sha256:02271fa6155e0b20a8afd231c54c1478c3da33769304b0f5252a8675ef580be1", "toy/question": "toy-1"}, "rows_sha256": "05f132344c49aef8718a6397e3f9ea8563804fb39a8f12ee7bd994180d3bae7e"}');
CREATE TABLE source (
	run_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	source_id VARCHAR NOT NULL, 
	task VARCHAR NOT NULL, 
	PRIMARY KEY (run_id, position), 
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE, 
	FOREIGN KEY(source_id) REFERENCES run (id)
);
INSERT INTO "source" VALUES('a55e032689',0,'b98f110378','shop/rating');
INSERT INTO "source" VALUES('a55e032689',1,'209e0a7280','shop/mood');
INSERT INTO "source" VALUES('3c889f0d15',0,'17b94dfd90','toy/choice');
INSERT INTO "source" VALUES('3c889f0d15',1,'51bac02ecc','toy/topics');
INSERT INTO "source" VALUES('0468147d19',0,'209e0a7280','shop/mood');
INSERT INTO "source" VALUES('0468147d19',1,'a1fc556e6c','toy/topics');
INSERT INTO "source" VALUES('0468147d19',2,'2b09d7b429','toy/question');
CREATE INDEX ix_run_created_at ON run (created_at);
CREATE INDEX ix_run_version ON run (version);
CREATE INDEX ix_run_method ON run (method);
CREATE INDEX ix_run_benchmark ON run (benchmark);
CREATE INDEX ix_run_group_id ON run (group_id);
CREATE INDEX ix_run_state ON run (state);
CREATE INDEX ix_source_source_id ON source (source_id);
CREATE INDEX event_by_run ON event (run_id, id);
COMMIT;
